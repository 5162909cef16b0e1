import { referencesOf } from '../../builder/link/link.ts'
import { type Digester, integrityOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import type { HashedPath } from '../../core/hashed-path.ts'
import type { ManifestAsset } from '../../core/manifest/manifest.ts'
import { bareMediaType, mediaType } from '../../core/media-type.ts'
import { isLogicalPath, type LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { type Closure, type ClosureContext, createClosure, isCurrent } from './closure.ts'

/** An asset as it is now. */
export interface LiveAsset {
  readonly path: LogicalPath
  /** As in a manifest, without encodings. */
  readonly asset: ManifestAsset
  /** Problems of the file and of everything it depends on. */
  readonly problems: readonly Problem[]
  /** What the file and its dependencies want of an import map. */
  readonly wants: Pick<Closure, 'moduleUrls' | 'packageImports'>
  /** The bytes served under its name. */
  read(): Buffer
}

/** An asset whose name has changed. */
export interface LiveChange {
  readonly path: LogicalPath
  /** The hashed path now; undefined if the file is gone. */
  readonly file: string | undefined
  readonly integrity: string | undefined
}

/** Assets by logical path. */
export interface LiveAssets {
  /** The asset as it is now; undefined if no source has it. */
  find(path: LogicalPath): LiveAsset | undefined
  /** The asset if this is its latest known name. Of its dependencies none is checked. */
  peek(path: LogicalPath, file: HashedPath): LiveAsset | undefined
  /** Checks everything that was ever requested and returns what changed since the last call. */
  changes(): readonly LiveChange[]
  /** The problems of everything that was ever requested. */
  problems(): readonly Problem[]
  /** Drops all closures, after a change outside the files. */
  forget(): void
}

/** Attempts to read files that are being edited. */
const MAX_ATTEMPTS = 3

/** One closure answers for all its members, so that a page of 1,000 modules is processed once. */
export function createLiveAssets(context: ClosureContext): LiveAssets {
  const { tree, digester } = context
  const closures = new Map<LogicalPath, Closure>()
  /** The turn in which a closure was last found to be current. */
  const checkedIn = new WeakMap<Closure, number>()
  /** Hashed paths as last reported. */
  const reported = new Map<LogicalPath, HashedPath | undefined>()

  function isStillCurrent(closure: Closure): boolean {
    if (checkedIn.get(closure) === tree.turn) return true
    const current = isCurrent(closure, tree)
    if (current) checkedIn.set(closure, tree.turn)
    return current
  }

  function closureOf(path: LogicalPath): Closure {
    const known = closures.get(path)
    if (known !== undefined && isStillCurrent(known)) return known
    // A page that requests one member is about to request the others: renew the whole closure.
    const renewed = known && tree.check(known.root) !== undefined ? renew(known.root) : undefined
    return renewed?.names.has(path) ? renewed : renew(path)
  }

  function renew(root: LogicalPath): Closure {
    const closure = createClosure(root, context)
    checkedIn.set(closure, tree.turn)
    for (const member of closure.names.keys()) closures.set(member, closure)
    return closure
  }

  function findOnce(path: LogicalPath): LiveAsset | undefined {
    if (!isLogicalPath(path) || tree.check(path) === undefined) return undefined
    const asset = toAsset(path, closureOf(path), digester)
    if (asset !== undefined && !reported.has(path)) reported.set(path, asset.asset.file)
    return asset
  }

  function find(path: LogicalPath): LiveAsset | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        return findOnce(path)
      } catch (error) {
        const wasEdited = error instanceof FingerpostError && error.code === 'FP_CHANGED'
        if (!wasEdited || attempt === MAX_ATTEMPTS) throw error
        tree.newTurn()
      }
    }
  }

  return {
    find,
    peek(path, file) {
      const known = closures.get(path)
      if (known?.names.get(path)?.file !== file || known.members.get(path) !== tree.check(path))
        return undefined
      return toAsset(path, known, digester)
    },
    changes() {
      tree.newTurn()
      const changes: LiveChange[] = []
      for (const [path, before] of reported) {
        const current = find(path)?.asset
        if (current?.file === before) continue
        reported.set(path, current?.file)
        changes.push({ path, file: current?.file, integrity: current?.integrity })
      }
      return changes
    },
    problems() {
      const found = new Map<string, Problem>()
      const known = new Set([...reported.keys()].flatMap((path) => closures.get(path) ?? []))
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
  const { problems } = closure
  const references = referencesOf(closure.links.get(path) ?? [])
  const shared = { file: name.file, type: mediaType(path), encodings: {}, references }
  const faults = problems.filter(({ file, severity }) => file === path && severity === 'error')
  if (faults.length > 0 && bareMediaType(path) === 'text/javascript') {
    const bytes = Buffer.from(throwingScript(faults))
    const asset = { ...shared, size: bytes.length, etag: digester.of(bytes), integrity: integrityOf(bytes) }
    return { path, asset, problems, wants: closure, read: () => bytes }
  }
  const { size, digest: etag, integrity } = name.fingerprint
  const asset = { ...shared, size, etag, integrity }
  return { path, asset, problems, wants: closure, read: () => closure.read(path) }
}

/** A broken script reports its problems in the browser's console. */
function throwingScript(problems: readonly Problem[]): string {
  const lines = problems.map(({ file, line, column, message, nearest }) => {
    const hint = nearest.length === 0 ? '' : `\n  nearest   ${nearest.join('  ')}`
    return `${file}:${line}:${column}  ${message}${hint}`
  })
  return `throw new Error(${JSON.stringify(lines.join('\n'))})\n`
}
