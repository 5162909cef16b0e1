import { statSync } from 'node:fs'
import type { LogicalPath } from '../../core/path.ts'
import type { Collection, Finder, SourceFile, SourceFolder } from '../../sources/finder.ts'

/** The sources as they are now, looked at file by file. */
export interface LiveTree {
  /** Its `files` look on disk for what they don't hold. */
  readonly collection: Collection
  /**
   * The file that wins under this name now. The same object as before if it hasn't changed, so that what is known about
   * it can be kept by it. The disk is asked at most once in a turn of the event loop.
   */
  check(path: LogicalPath): SourceFile | undefined
  /** Counts turns: what was found true in a turn holds until the next. */
  readonly turn: number
  /** Begins a new turn before the event loop does. */
  newTurn(): void
  /** Takes over a new listing. */
  update(listed: Collection): void
}

/** Tells whether a file whose stat is unchanged has its known bytes: a clock may tick too slowly to tell two edits apart. */
export type ConfirmContent = (known: SourceFile) => boolean

/** What a live tree looks at. */
export interface LiveTreeOptions {
  /** In the order in which they win. */
  readonly finders: readonly Finder[]
  readonly listed: Collection
  readonly hasKnownContent: ConfirmContent
}

/** A tree over finders. Every answer rests on a look at the disk: nothing depends on being told of changes. */
export function createLiveTree(options: LiveTreeOptions): LiveTree {
  const { finders, hasKnownContent } = options
  const checked = new Set<LogicalPath>()
  const files = new LookingMap(check)
  let { shadowed, skipped } = options.listed
  let turn = 0
  const newTurn = () => {
    checked.clear()
    turn++
  }
  files.replace(options.listed.files)

  function check(path: LogicalPath): SourceFile | undefined {
    const known = files.held(path)
    if (checked.has(path)) return known
    if (checked.size === 0) setImmediate(newTurn)
    checked.add(path)
    const current = known === undefined ? undefined : confirm(known)
    const found = current ?? firstOf(finders, path)
    files.hold(path, found)
    return found
  }

  /** The known file if it still is the one that wins and has its bytes. */
  function confirm(known: SourceFile): SourceFile | undefined {
    return isUnchanged(known) && !isShadowed(known, finders) && hasKnownContent(known) ? known : undefined
  }

  return {
    collection: {
      files,
      get shadowed() {
        return shadowed
      },
      get skipped() {
        return skipped
      },
    },
    check,
    get turn() {
      return turn
    },
    newTurn,
    update(listed) {
      shadowed = listed.shadowed
      skipped = listed.skipped
      files.replace(listed.files)
      newTurn()
    },
  }
}

/** A map whose misses are looked for on disk. */
class LookingMap extends Map<LogicalPath, SourceFile> {
  readonly #check: (path: LogicalPath) => SourceFile | undefined

  constructor(check: (path: LogicalPath) => SourceFile | undefined) {
    super()
    this.#check = check
  }

  override has(path: LogicalPath): boolean {
    return this.#check(path) !== undefined
  }

  override get(path: LogicalPath): SourceFile | undefined {
    return this.#check(path)
  }

  /** What is in the map, without a look at the disk. */
  held(path: LogicalPath): SourceFile | undefined {
    return super.get(path)
  }

  hold(path: LogicalPath, file: SourceFile | undefined): void {
    if (file === undefined) this.delete(path)
    else this.set(path, file)
  }

  /** Takes over other files, keeping the objects of those that are the same. */
  replace(files: ReadonlyMap<LogicalPath, SourceFile>): void {
    for (const path of this.keys()) if (!files.has(path)) this.delete(path)
    for (const [path, file] of files) {
      const known = this.held(path)
      if (known === undefined || !isSameFile(known, file)) this.set(path, file)
    }
  }
}

function isUnchanged(known: SourceFile): boolean {
  const stats = statSync(known.absolutePath, { bigint: true, throwIfNoEntry: false })
  return (
    stats !== undefined &&
    stats.size === BigInt(known.size) &&
    stats.mtimeNs === known.mtimeNs &&
    stats.ctimeNs === known.ctimeNs &&
    stats.ino === known.inode
  )
}

function isSameFile(a: SourceFile, b: SourceFile): boolean {
  return (
    a.absolutePath === b.absolutePath &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode
  )
}

/** True if a source that is asked earlier has the name now. */
function isShadowed(known: SourceFile, finders: readonly Finder[]): boolean {
  for (const finder of finders) {
    if (isSource(finder.source, known.source)) return false
    if (finder.find(known.path) !== undefined) return true
  }
  return false
}

function isSource(a: SourceFolder, b: SourceFolder): boolean {
  return a.folder === b.folder && a.prefix === b.prefix
}

function firstOf(finders: readonly Finder[], path: LogicalPath): SourceFile | undefined {
  for (const finder of finders) {
    const found = finder.find(path)
    if (found !== undefined) return found
  }
  return undefined
}
