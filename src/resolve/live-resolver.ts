import { referencesOf } from '../build/link.ts'
import type { Name } from '../build/name.ts'
import { type BuildOptions, parseBuildOptions } from '../build/options.ts'
import { findPrehashed } from '../build/prehashed.ts'
import { createSourceReader } from '../build/source-reader.ts'
import { createDigester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import type { ManifestAsset } from '../core/manifest.ts'
import { mediaType } from '../core/media-type.ts'
import { encodePath, isLogicalPath, type LogicalPath } from '../core/path.ts'
import type { Problem } from '../core/problem.ts'
import { splitSuffix } from '../core/reference.ts'
import { collect } from '../find/collect.ts'
import type { SourceFolder } from '../find/finder.ts'
import { createFolderFinder } from '../find/folder-finder.ts'
import { locateSources } from '../find/source.ts'
import { createScanners } from '../scan/scanners.ts'
import {
  type Closure,
  type ClosureWorkshop,
  createClosure,
  createNameMemory,
  isCurrent,
} from './live-closure.ts'
import { explainUnknownName } from './live-explain.ts'
import { createFileFacts } from './live-facts.ts'
import { createLiveTree } from './live-tree.ts'
import type { Resolver } from './resolver.ts'

/** What live mode works with. */
export interface LiveOptions {
  /** The options of the build it stands in for. */
  readonly build: BuildOptions
  /** Where relative paths of the options start. Absolute. */
  readonly cwd: string
  /** What URLs begin with, ending with a slash. Default: the `url` of the options. */
  readonly url?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** An asset as it is now. */
export interface LiveAsset {
  readonly path: LogicalPath
  /** As a manifest tells of it, without encodings. */
  readonly asset: ManifestAsset
  /** What is wrong with it and with what it depends on. */
  readonly problems: readonly Problem[]
  /** The bytes that leave under its name. */
  read(): Buffer
}

/** An asset that has another name than when it was last asked for. */
export interface LiveChange {
  readonly path: LogicalPath
  /** The hashed path now; undefined if the file is gone. */
  readonly file: string | undefined
  readonly integrity: string | undefined
}

/** Answers from the sources, without a build: the same names, the same bytes, the same problems. */
export interface LiveResolver extends Resolver {
  readonly sources: readonly SourceFolder[]
  /** The asset of a logical path; undefined if no source has it. */
  find(path: LogicalPath): LiveAsset | undefined
  /** Looks again at everything that was ever asked for, and tells what has changed since the last look. */
  changes(): readonly LiveChange[]
  /** What is wrong with everything that was ever asked for. */
  problems(): readonly Problem[]
  /** Lists the sources again: for nearest names, and for what is new. */
  relist(): Promise<void>
}

/** A file may be edited while it is read; after so many attempts something else is wrong. */
const MOST_ATTEMPTS = 3

/**
 * A resolver over sources. Each file is looked at when it is first asked for; what is known about it is kept until it,
 * or something it refers to, changes.
 *
 * @throws FingerpostError as a build does, for options and sources
 */
export async function createLiveResolver(options: LiveOptions): Promise<LiveResolver> {
  const { cwd, now } = options
  const config = parseBuildOptions(options.build, cwd)
  const sources = await locateSources(config.sources, { cwd })
  const finders = sources.map((source) => createFolderFinder({ ...source, ignore: config.ignore }))
  const listed = await collect(finders)
  const [digester, scanners] = await Promise.all([
    createDigester(),
    createScanners({ html: config.references.html }),
  ])
  const reader = createSourceReader()
  const facts = createFileFacts({ reader, digester, scanners, now })
  const tree = createLiveTree({ finders, listed, hasKnownContent: facts.confirm })
  const prehashed = await findPrehashed(listed, config.references.prehashed)
  const workshop: ClosureWorkshop = {
    ...{ config, tree, digester, reader, prehashed, facts },
    remembered: createNameMemory(),
  }
  const url = options.url ?? config.url.href
  const assets = createLiveAssets(workshop)
  const split = (name: string) =>
    isLogicalPath(name) && tree.check(name) !== undefined
      ? { specifier: name, suffix: '' }
      : splitSuffix(name)
  const assetOf = (path: string): LiveAsset => {
    const asset = assets.find(path)
    if (asset !== undefined) return asset
    throw explainUnknownName(path, { cwd, sources, collection: tree.collection })
  }
  return {
    url,
    sources,
    resolve(name) {
      const { specifier, suffix } = split(name)
      return url + encodePath(assetOf(specifier).asset.file) + suffix
    },
    integrity: (name) => assetOf(split(name).specifier).asset.integrity,
    describe(name) {
      const { path, asset } = assetOf(split(name).specifier)
      const { file, type, integrity, references } = asset
      return { path, url: url + encodePath(file), type, integrity, references }
    },
    find: assets.find,
    changes() {
      tree.newTurn()
      return assets.changes()
    },
    problems: assets.problems,
    async relist() {
      tree.update(await collect(finders))
    },
  }
}

interface LiveAssets {
  find(path: LogicalPath): LiveAsset | undefined
  changes(): readonly LiveChange[]
  problems(): readonly Problem[]
}

function createLiveAssets(workshop: ClosureWorkshop): LiveAssets {
  const { tree } = workshop
  const closures = new Map<LogicalPath, Closure>()
  /** Hashed paths as they were last told. */
  const told = new Map<LogicalPath, string | undefined>()

  function closureOf(path: LogicalPath): Closure {
    const known = closures.get(path)
    if (known !== undefined && isCurrent(known, tree)) return known
    const closure = createClosure(path, workshop)
    closures.set(path, closure)
    return closure
  }

  function findOnce(path: LogicalPath): LiveAsset | undefined {
    if (!isLogicalPath(path) || tree.check(path) === undefined) return undefined
    const closure = closureOf(path)
    const name = closure.names.get(path)
    if (name === undefined) return undefined
    if (!told.has(path)) told.set(path, name.file)
    const asset = toAsset(path, name, closure)
    return { path, asset, problems: closure.problems, read: () => closure.read(path) }
  }

  function find(path: LogicalPath): LiveAsset | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        return findOnce(path)
      } catch (error) {
        const wasEdited = error instanceof FingerpostError && error.code === 'FP_CHANGED'
        if (!wasEdited || attempt === MOST_ATTEMPTS) throw error
        tree.newTurn()
      }
    }
  }

  return {
    find,
    changes() {
      const changes: LiveChange[] = []
      for (const [path, before] of told) {
        const current = find(path)?.asset
        if (current?.file === before) continue
        told.set(path, current?.file)
        changes.push({ path, file: current?.file, integrity: current?.integrity })
      }
      return changes
    },
    problems() {
      const found = new Map<string, Problem>()
      for (const path of told.keys()) {
        for (const problem of find(path)?.problems ?? []) {
          found.set(`${problem.file}:${problem.line}:${problem.column} ${problem.message}`, problem)
        }
      }
      return [...found.values()]
    },
  }
}

function toAsset(path: LogicalPath, { file, fingerprint }: Name, { links }: Closure): ManifestAsset {
  const { size, digest: etag, integrity } = fingerprint
  const references = referencesOf(links.get(path) ?? [])
  return { file, type: mediaType(path), size, etag, integrity, encodings: {}, references }
}
