import { readFileSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { LRUCache } from 'lru-cache'
import { type Digester, integrityOf } from '../../core/digest.ts'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { type Cache, getJson, NO_CACHE, putJson } from '../cache/cache.ts'
import { createTransformPlanner, type TransformConfig, type TransformPlan } from './renamed-finder.ts'
import type { SourceReader } from './source-reader.ts'

/** Reads source files as the transforms make them. */
export interface TransformingReader extends SourceReader {
  /** True for a file whose bytes depend on more than the file itself. */
  isTransformed(file: SourceFile): boolean
  /** False if a file that the bytes last read depend on has changed since. */
  isCurrent(file: SourceFile): boolean
  /** Absolute paths of all other files that bytes depended on so far. */
  dependencies(): readonly string[]
}

/** What transforms are applied with. */
export interface TransformingContext {
  readonly config: TransformConfig
  readonly cache: Cache
  readonly digester: Digester
  /** Files that keep their bytes. */
  readonly prehashed: () => ReadonlySet<LogicalPath>
}

/** What is cached of a result besides its bytes. */
interface Result {
  readonly integrity: string
  /** Other files it depends on: paths from the folder of the source, and their integrity, '' for one that is missing. */
  readonly dependencies: readonly (readonly [path: string, integrity: string])[]
}

/**
 * Wraps a reader. Results are cached by the source's content, the versions of its transforms and the contents of all
 * files they have read. Without a cache they are kept in memory, within a limit.
 */
export function createTransformingReader(
  reader: SourceReader,
  { config, cache, digester, prehashed }: TransformingContext,
): TransformingReader {
  const planFor = createTransformPlanner(config)
  const store = cache === NO_CACHE ? createMemoryCache() : cache
  const results = new WeakMap<SourceFile, Result>()
  const dependencies = new Set<string>()

  const stepsOf = ({ path, origin = path }: SourceFile) =>
    prehashed().has(path) ? [] : planFor(origin).steps
  const isCurrent = (file: SourceFile, { dependencies }: Result) =>
    dependencies.every(([path, integrity]) => integrityAt(locate(file, path)) === integrity)
  const keep = (file: SourceFile, result: Result) => {
    results.set(file, result)
    for (const [path] of result.dependencies) dependencies.add(locate(file, path))
  }

  function transform(file: SourceFile, source: Buffer, steps: TransformPlan['steps']): Buffer {
    const versions = steps.map(({ path, transform: { match, version } }) => [path, match, version])
    const key = `transform ${integrityOf(source)} ${digester.ofFields([JSON.stringify(versions)])}`
    const known = getJson<Result>(store, key)
    const bytes = known && isCurrent(file, known) ? store.get(`${key} ${known.integrity}`) : undefined
    if (known !== undefined && bytes !== undefined) {
      keep(file, known)
      return bytes
    }
    const made = applyAll(file, source, steps)
    const result = { integrity: integrityOf(made.bytes), dependencies: made.dependencies }
    keep(file, result)
    if (made.isSettled) {
      putJson(store, key, result)
      store.put(`${key} ${result.integrity}`, made.bytes)
    }
    return made.bytes
  }

  return {
    read(file) {
      const source = reader.read(file)
      const steps = stepsOf(file)
      return steps.length === 0 ? source : transform(file, source, steps)
    },
    count: reader.count,
    isTransformed: (file) => stepsOf(file).length > 0,
    isCurrent(file) {
      const result = results.get(file)
      return result === undefined || isCurrent(file, result)
    },
    dependencies: () => [...dependencies],
  }
}

function applyAll(file: SourceFile, source: Buffer, steps: TransformPlan['steps']) {
  const startedAt = Date.now()
  const dependencies = new Map<string, string>()
  let isSettled = true
  const add = (name: string, integrity: string) => {
    const path = relative(dirname(file.absolutePath), locate(file, name))
    // What has changed between two reads fits no content, so that it is not taken for current.
    dependencies.set(path, (dependencies.get(path) ?? integrity) === integrity ? integrity : 'changed')
  }
  const context = {
    file: file.absolutePath,
    read(name: string) {
      const bytes = readIfThere(locate(file, name))
      add(name, bytes === undefined ? '' : integrityOf(bytes))
      return bytes
    },
    dependOn(name: string) {
      const path = locate(file, name)
      add(name, integrityAt(path))
      // It was read some time before, and may have been edited since.
      const { ctimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
      if (startedAt - ctimeMs < LIMITS.transformSettleMs) isSettled = false
    },
  }
  let bytes = source
  for (const { path, transform } of steps) {
    try {
      bytes = toBytes(transform.apply(path, bytes, context)) ?? bytes
    } catch (cause) {
      throw explain(cause, { path, file: file.absolutePath, match: String(transform.match) })
    }
  }
  return { bytes, dependencies: [...dependencies], isSettled }
}

function toBytes(result: unknown): Buffer | undefined {
  if (result === undefined) return undefined
  if (typeof result === 'string') return Buffer.from(result)
  if (result instanceof Uint8Array) return Buffer.from(result.buffer, result.byteOffset, result.byteLength)
  if (result instanceof Promise) {
    result.catch(() => undefined)
    throw new TypeError(
      'it returned a promise. Transforms are synchronous: most tools have a function for that',
    )
  }
  throw new TypeError(`it returned ${result === null ? 'null' : typeof result}, not bytes, text or undefined`)
}

function explain(
  cause: unknown,
  details: { readonly path: string; readonly file: string; readonly match: string },
) {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FingerpostError(
    'FP_TRANSFORM',
    `The transform for ${details.match} failed with ${details.path} (${details.file}): ${reason}`,
    { remedy: 'Correct the file, or the function apply of the option transform.', details, cause },
  )
}

function locate({ absolutePath }: SourceFile, name: string): string {
  return resolve(dirname(absolutePath), name)
}

/** '' for a file that is missing. */
function integrityAt(path: string): string {
  const bytes = readIfThere(path)
  return bytes === undefined ? '' : integrityOf(bytes)
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw error
  }
}

/** Keeps results for the rest of a build, or of live mode. */
function createMemoryCache(): Cache {
  const values = new LRUCache<string, Buffer>({
    maxSize: LIMITS.transformMemoryMaxBytes,
    sizeCalculation: (value, key) => value.length + key.length,
  })
  return {
    get: (key) => values.get(key),
    put: (key, value) => void values.set(key, Buffer.from(value as Uint8Array)),
    count: NO_CACHE.count,
    close: () => undefined,
  }
}
