import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS } from '../core/limit.ts'

/** Being told that something below some folders may have changed. Never relied upon for what is served. */
export interface LiveWatch {
  close(): void
}

/** Whom to tell. */
export interface LiveWatchOptions {
  /** Absolute. */
  readonly folders: readonly string[]
  /** Folders that are not watched, by name. */
  readonly ignoredNames: ReadonlySet<string>
  /** Called once for changes that come together. `isNew`: files may have come or gone. */
  readonly onChange: (change: { readonly isNew: boolean }) => void
  /** Called once, where the system can't tell of changes: too many watches, a file system without any. */
  readonly onUnavailable: (error: unknown) => void
  /** Opens one watch; `fs.watch` by default. */
  readonly watchFolder?: (folder: string, listener: (event: string, name: string | null) => void) => FSWatcher
}

/**
 * Watches folders and all below them, one watch for each: what recursive watching is on Linux, without a look at every
 * file. Where that fails it calls {@link LiveWatchOptions.onChange} every half second instead.
 */
export function startLiveWatch(options: LiveWatchOptions): LiveWatch {
  const { folders, ignoredNames, onChange, onUnavailable } = options
  const open = options.watchFolder ?? ((folder, listener) => watch(folder, { persistent: false }, listener))
  const watches = new Map<string, FSWatcher>()
  const bell = createBell(onChange)
  let poll: NodeJS.Timeout | undefined
  let closed = false

  function fallBack(error: unknown): void {
    if (closed || poll !== undefined) return
    closeAll()
    onUnavailable(error)
    poll = setInterval(() => onChange({ isNew: false }), LIMITS.livePollMs)
    poll.unref()
  }

  function closeAll(): void {
    for (const each of watches.values()) each.close()
    watches.clear()
  }

  function add(folder: string): void {
    if (closed || poll !== undefined || watches.has(folder)) return
    const watcher = open(folder, (event, name) => {
      bell.ring({ isNew: event === 'rename' })
      if (event === 'rename' && name !== null) void follow(join(folder, name))
    })
    watcher.on('error', () => remove(folder))
    watches.set(folder, watcher)
  }

  function remove(folder: string): void {
    watches.get(folder)?.close()
    watches.delete(folder)
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
      if (isExhausted(error)) fallBack(error)
      else remove(folder)
    }
  }

  // What was saved before the watches stood has rung nothing.
  void Promise.all(folders.map(follow)).then(() => bell.ring({ isNew: false }))
  return {
    close() {
      closed = true
      clearInterval(poll)
      bell.silence()
      closeAll()
    },
  }
}

/** Joins what comes together: an editor writes a file in several steps. */
function createBell(onChange: LiveWatchOptions['onChange']) {
  let timer: NodeJS.Timeout | undefined
  let isNew = false
  let silenced = false
  return {
    ring(change: { readonly isNew: boolean }): void {
      if (silenced) return
      isNew ||= change.isNew
      timer ??= setTimeout(() => {
        const told = { isNew }
        timer = undefined
        isNew = false
        onChange(told)
      }, LIMITS.liveDebounceMs)
      timer.unref()
    },
    silence(): void {
      silenced = true
      clearTimeout(timer)
    },
  }
}

/** No watch left, no descriptor left, no such thing here; everything else is about one folder. */
function isExhausted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (
    code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOSYS' || code === 'ENOTSUP'
  )
}
