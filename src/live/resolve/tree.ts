import { statSync } from 'node:fs'
import type { LogicalPath } from '../../core/path.ts'
import { fileStatOf } from '../../sources/entry.ts'
import type { Collection, FileStat, Finder, SourceFile } from '../../sources/finder.ts'

/** The sources as they are now, checked file by file. */
export interface LiveTree {
  /** Its `files` are looked up on disk when they are not known. */
  readonly collection: Collection
  /**
   * The file that has this name now. An unchanged file is the same object as before, so that facts can be keyed by it.
   * The disk is read at most once per turn.
   */
  check(path: LogicalPath): SourceFile | undefined
  /** The number of the current turn of the event loop. What was checked in a turn holds until the next. */
  readonly turn: number
  /** Starts a new turn ahead of the event loop. */
  newTurn(): void
  /** Replaces the listing. */
  update(listed: Collection): void
}

/** What a live tree reads. */
export interface LiveTreeOptions {
  /** In order of precedence. */
  readonly finders: readonly Finder[]
  readonly listed: Collection
  /** Whether a file with unchanged times has its known bytes: coarse clocks give two edits the same time. */
  readonly hasKnownContent: (known: SourceFile) => boolean
}

/** Every answer rests on a check of the disk. Nothing depends on file system events. */
export function createLiveTree({ finders, listed, hasKnownContent }: LiveTreeOptions): LiveTree {
  const checked = new Set<LogicalPath>()
  const files = new CheckedFiles(check)
  let listing = listed
  let turn = 0
  const newTurn = () => {
    checked.clear()
    turn++
  }
  files.replace(listed.files)

  function check(path: LogicalPath): SourceFile | undefined {
    const known = files.known(path)
    if (checked.has(path)) return known
    if (checked.size === 0) setImmediate(newTurn)
    checked.add(path)
    const current = known !== undefined && isCurrent(known) ? known : findFirst(finders, path)
    if (current === undefined) files.delete(path)
    else files.set(path, current)
    return current
  }

  function isCurrent(known: SourceFile): boolean {
    return isUnchanged(known) && !isShadowed(known, finders) && hasKnownContent(known)
  }

  return {
    get collection() {
      return { ...listing, files }
    },
    check,
    get turn() {
      return turn
    },
    newTurn,
    update(next) {
      listing = next
      files.replace(next.files)
      newTurn()
    },
  }
}

/** A map whose lookups check the disk. */
class CheckedFiles extends Map<LogicalPath, SourceFile> {
  readonly #check: LiveTree['check']

  constructor(check: LiveTree['check']) {
    super()
    this.#check = check
  }

  override has(path: LogicalPath): boolean {
    return this.#check(path) !== undefined
  }

  override get(path: LogicalPath): SourceFile | undefined {
    return this.#check(path)
  }

  /** The entry as it was last checked. */
  known(path: LogicalPath): SourceFile | undefined {
    return super.get(path)
  }

  /** Keeps the objects of files that have not changed. */
  replace(files: ReadonlyMap<LogicalPath, SourceFile>): void {
    for (const path of this.keys()) if (!files.has(path)) this.delete(path)
    for (const [path, file] of files) {
      const known = this.known(path)
      const isSame = known?.absolutePath === file.absolutePath && hasSameStat(known, file)
      if (!isSame) this.set(path, file)
    }
  }
}

function isUnchanged(known: SourceFile): boolean {
  const stats = statSync(known.absolutePath, { bigint: true, throwIfNoEntry: false })
  return stats !== undefined && hasSameStat(known, fileStatOf(stats))
}

function hasSameStat(a: FileStat, b: FileStat): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode
}

/** True if a source of higher precedence has the name now. */
function isShadowed({ path, source }: SourceFile, finders: readonly Finder[]): boolean {
  const own = finders.findIndex((finder) => {
    return finder.source.folder === source.folder && finder.source.prefix === source.prefix
  })
  return findFirst(finders.slice(0, own), path) !== undefined
}

function findFirst(finders: readonly Finder[], path: LogicalPath): SourceFile | undefined {
  for (const finder of finders) {
    const found = finder.find(path)
    if (found !== undefined) return found
  }
  return undefined
}
