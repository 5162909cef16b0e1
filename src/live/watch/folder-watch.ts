import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Opens one watch; `fs.watch` by default. */
export type WatchFolder = (
  folder: string,
  listener: (event: string, name: string | null) => void,
) => FSWatcher

/** What is watched, and whom to tell. */
export interface FolderWatchOptions {
  /** Absolute. */
  readonly folders: readonly string[]
  /** Folders that are not watched, by name. */
  readonly ignoredNames: ReadonlySet<string>
  /** Called for every event. `isNew`: files may have come or gone. */
  readonly onEvent: (event: { readonly isNew: boolean }) => void
  /** Called where the system has no watches, or none left. More events may or may not come. */
  readonly onExhausted: (error: unknown) => void
  readonly watchFolder?: WatchFolder | undefined
}

/** Watches that are open, and will be opened for new folders. */
export interface FolderWatch {
  /** Settled when all folders there are now are watched. Never rejects. */
  readonly standing: Promise<unknown>
  close(): void
}

const watchWithSystem: WatchFolder = (folder, listener) => watch(folder, { persistent: false }, listener)

/** Watches folders and all below them, one watch for each: what recursive watching is on Linux, without a look at every file. */
export function watchFolders(options: FolderWatchOptions): FolderWatch {
  const { folders, ignoredNames, onEvent, onExhausted, watchFolder = watchWithSystem } = options
  const watches = new Map<string, FSWatcher>()
  let closed = false

  function add(folder: string): void {
    if (closed || watches.has(folder)) return
    const watcher = watchFolder(folder, (event, name) => {
      onEvent({ isNew: event === 'rename' })
      if (event === 'rename' && name !== null) void follow(join(folder, name))
    })
    watcher.on('error', (error) => giveUp(folder, error))
    watches.set(folder, watcher)
  }

  function giveUp(folder: string, error: unknown): void {
    watches.get(folder)?.close()
    watches.delete(folder)
    // Everything else is about this one folder, which is most likely gone.
    if (isExhausted(error)) onExhausted(error)
  }

  /** Watches a folder and those below it; anything else is left alone. */
  async function follow(folder: string): Promise<void> {
    try {
      const entries = await readdir(folder, { withFileTypes: true })
      add(folder)
      for (const entry of entries) {
        if (entry.isDirectory() && !ignoredNames.has(entry.name)) await follow(join(folder, entry.name))
      }
    } catch (error) {
      giveUp(folder, error)
    }
  }

  return {
    standing: Promise.all(folders.map(follow)),
    close() {
      closed = true
      for (const each of watches.values()) each.close()
      watches.clear()
    },
  }
}

/** No watch left, no descriptor left, no such thing here. */
function isExhausted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS', 'ENOTSUP'].includes(String(code))
}
