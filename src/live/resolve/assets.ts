import { referencesOf } from '../../builder/link/link.ts'
import { type Digester, integrityOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import type { HashedPath } from '../../core/hashed-path.ts'
import type { ManifestAsset } from '../../core/manifest/manifest.ts'
import { bareMediaType, mediaType } from '../../core/media-type.ts'
import { isLogicalPath, type LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { type Closure, type ClosureWorkshop, createClosure, isCurrent } from './closure.ts'

/** An asset as it is now. */
export interface LiveAsset {
  readonly path: LogicalPath
  /** As a manifest tells of it, without encodings. */
  readonly asset: ManifestAsset
  /** What is wrong with it and with what it depends on. */
  readonly problems: readonly Problem[]
  /** The URLs that it and what it depends on ask for under an import map, and the names they stand for. */
  readonly moduleUrls: ReadonlyMap<string, string>
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

/** The assets that were ever asked for. */
export interface LiveAssets {
  find(path: LogicalPath): LiveAsset | undefined
  peek(path: LogicalPath, file: HashedPath): LiveAsset | undefined
  changes(): readonly LiveChange[]
  problems(): readonly Problem[]
  /** Everything is worked out anew: something else than the files has changed. */
  forget(): void
}

/** A file may be edited while it is read; after so many attempts something else is wrong. */
const MOST_ATTEMPTS = 3

/** Assets over closures: one closure answers for all its members, so that a page of 1,000 modules is one piece of work. */
export function createLiveAssets(workshop: ClosureWorkshop): LiveAssets {
  const { tree, digester } = workshop
  const closures = new Map<LogicalPath, Closure>()
  const provedIn = new WeakMap<Closure, number>()
  /** Hashed paths as they were last told. */
  const told = new Map<LogicalPath, HashedPath | undefined>()

  function holds(closure: Closure): boolean {
    if (provedIn.get(closure) === tree.turn) return true
    const current = isCurrent(closure, tree)
    if (current) provedIn.set(closure, tree.turn)
    return current
  }

  function closureOf(path: LogicalPath): Closure {
    const known = closures.get(path)
    if (known !== undefined && holds(known)) return known
    // Renewing the whole closure answers for its other members as well, which will be asked for next.
    const renewed = known && tree.check(known.root) !== undefined ? renew(known.root) : undefined
    return renewed?.names.has(path) ? renewed : renew(path)
  }

  function renew(root: LogicalPath): Closure {
    const closure = createClosure(root, workshop)
    provedIn.set(closure, tree.turn)
    for (const member of closure.names.keys()) closures.set(member, closure)
    return closure
  }

  function findOnce(path: LogicalPath): LiveAsset | undefined {
    if (!isLogicalPath(path) || tree.check(path) === undefined) return undefined
    const asset = toAsset(path, closureOf(path), digester)
    if (asset !== undefined && !told.has(path)) told.set(path, asset.asset.file)
    return asset
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
    peek(path, file) {
      const known = closures.get(path)
      return known?.names.get(path)?.file === file ? toAsset(path, known, digester) : undefined
    },
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
      const known = new Set([...told.keys()].flatMap((path) => closures.get(path) ?? []))
      for (const { problems } of known) {
        for (const problem of problems) {
          found.set(`${problem.file}:${problem.line}:${problem.column} ${problem.message}`, problem)
        }
      }
      return [...found.values()]
    },
    forget: () => closures.clear(),
  }
}

function toAsset(path: LogicalPath, closure: Closure, digester: Digester): LiveAsset | undefined {
  const name = closure.names.get(path)
  if (name === undefined) return undefined
  const { problems, moduleUrls } = closure
  const references = referencesOf(closure.links.get(path) ?? [])
  const shared = { file: name.file, type: mediaType(path), encodings: {}, references }
  const faults = problems.filter(({ file, severity }) => file === path && severity === 'error')
  if (faults.length > 0 && bareMediaType(path) === 'text/javascript') {
    const bytes = Buffer.from(throwingScript(faults))
    const asset = { ...shared, size: bytes.length, etag: digester.of(bytes), integrity: integrityOf(bytes) }
    return { path, asset, problems, moduleUrls, read: () => bytes }
  }
  const { size, digest: etag, integrity } = name.fingerprint
  const asset = { ...shared, size, etag, integrity }
  return { path, asset, problems, moduleUrls, read: () => closure.read(path) }
}

/** A script that can't work says why in the console, where its author looks first. */
function throwingScript(problems: readonly Problem[]): string {
  const lines = problems.map(({ file, line, column, message, nearest }) => {
    const hint = nearest.length === 0 ? '' : `\n  nearest   ${nearest.join('  ')}`
    return `${file}:${line}:${column}  ${message}${hint}`
  })
  return `throw new Error(${JSON.stringify(lines.join('\n'))})\n`
}
