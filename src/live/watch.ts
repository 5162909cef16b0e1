import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { LIMITS } from '../core/limit.ts'

/** Folders that are neither watched nor listed: large, and not edited by hand. */
export const IGNORED_FOLDERS: ReadonlySet<string> = new Set(['.git', 'node_modules'])

/** Why a check is asked for. `isNew`: files may have appeared or disappeared. */
export interface ChangeHint {
  readonly isNew: boolean
}

/** Hints that something below some folders may have changed. Served content never depends on them. */
export interface LiveWatch {
  close(): void
}

/** What is watched, and what to do about it. */
export interface LiveWatchOptions {
  /** Absolute. */
  readonly folders: readonly string[]
  /** Looks for changes: once for events that arrive together, and at intervals. True if it found one. Never rejects. */
  readonly check: (hint: ChangeHint) => Promise<boolean>
  /** Called once, when events turn out to be unavailable and polling starts. */
  readonly onPolling: (reason: unknown) => void
  /** Default: chokidar. */
  readonly openWatches?: OpenWatches
}

/** Opens watches for folders and all folders below them, also those created later. */
export type OpenWatches = (folders: readonly string[], listeners: WatchListeners) => Promise<LiveWatch>

/** What a watcher reports. */
export interface WatchListeners {
  /** All watches stand. */
  readonly onReady: () => void
  readonly onEvent: (hint: ChangeHint) => void
  readonly onError: (error: unknown) => void
}

/** Listing all folders is slower than checking the files in use: it happens once in so many polls. */
const POLLS_PER_LISTING = Math.ceil(LIMITS.liveRelistMs / LIMITS.livePollMs)

/**
 * Checks after every event of the file system, and every few seconds without one. It switches to polling where the
 * system has no watches left, and where a check finds a change that no event has reported: some network and container
 * file systems report none.
 */
export function startLiveWatch(options: LiveWatchOptions): LiveWatch {
  const { folders, check, onPolling, openWatches = openChokidar } = options
  const scheduleCheck = debounce(check)
  let isReady = false
  let events = 0
  let eventsBefore = 0
  let polls = 0
  let mode: 'trust' | 'doubt' | 'poll' | 'closed' = 'trust'
  let timer: NodeJS.Timeout | undefined

  function scheduleRound(): void {
    clearTimeout(timer)
    if (mode === 'closed') return
    const delayMs = mode === 'trust' ? LIMITS.liveDistrustMs : LIMITS.livePollMs
    timer = setTimeout(() => void (mode === 'poll' ? poll() : distrust()).then(scheduleRound), delayMs)
    timer.unref()
  }

  async function poll(): Promise<void> {
    polls++
    await check({ isNew: polls % POLLS_PER_LISTING === 0 })
  }

  /** An event for a change found here may still be on its way, so one silent round only raises a doubt. */
  async function distrust(): Promise<void> {
    const hasChanged = await check({ isNew: false })
    const isSilent = isReady && events === eventsBefore
    eventsBefore = events
    if (mode === 'doubt' && isSilent) startPolling(new Error('a file changed without a file system event'))
    else if (mode !== 'closed' && mode !== 'poll') mode = hasChanged && isSilent ? 'doubt' : 'trust'
  }

  function startPolling(reason: unknown): void {
    if (mode === 'poll' || mode === 'closed') return
    mode = 'poll'
    scheduleCheck.cancel()
    closeWatches()
    onPolling(reason)
    scheduleRound()
  }

  const opening = openWatches(folders, {
    onReady() {
      isReady = true
      // Finds what was saved before all watches stood.
      scheduleCheck({ isNew: false })
    },
    onEvent(hint) {
      events++
      scheduleCheck(hint)
    },
    onError: (error) => isExhausted(error) && startPolling(error),
  }).catch(startPolling)
  const closeWatches = () => void opening.then((watches) => watches?.close())
  scheduleRound()
  return {
    close() {
      mode = 'closed'
      clearTimeout(timer)
      scheduleCheck.cancel()
      closeWatches()
    },
  }
}

/** Joins hints that arrive together: an editor saves a file in several steps. */
function debounce(check: LiveWatchOptions['check']) {
  let timer: NodeJS.Timeout | undefined
  let isNew = false
  let isCancelled = false
  const schedule = (hint: ChangeHint) => {
    if (isCancelled) return
    isNew ||= hint.isNew
    timer ??= setTimeout(() => {
      const joined = { isNew }
      timer = undefined
      isNew = false
      void check(joined)
    }, LIMITS.liveDebounceMs)
    timer.unref()
  }
  const cancel = () => {
    isCancelled = true
    clearTimeout(timer)
  }
  return Object.assign(schedule, { cancel })
}

/**
 * Only folders are watched: their watches report the files in them as well, while a watch for each of 10,000 files
 * takes what the system has. For the same reason the raw events are used: those of chokidar are throttled, and the last
 * step of a save may be lost.
 */
async function openChokidar(
  folders: readonly string[],
  { onReady, onEvent, onError }: WatchListeners,
): Promise<LiveWatch> {
  const { watch } = await import('chokidar')
  const roots = folders.map((folder) => realpathSync.native(folder))
  const watcher = watch(roots, {
    ignored: (path, stats) =>
      stats?.isFile() === true || (IGNORED_FOLDERS.has(basename(path)) && !roots.includes(path)),
    ignoreInitial: true,
    ignorePermissionErrors: true,
    // A link inside a folder leads to something that is watched there; a link that leaves it isn't served.
    followSymlinks: false,
    atomic: false,
  })
  watcher.on('raw', (event) => onEvent({ isNew: event === 'rename' }))
  // Files may have been written to a new folder before it was watched.
  watcher.on('addDir', () => onEvent({ isNew: true }))
  watcher.on('ready', onReady)
  watcher.on('error', onError)
  return { close: () => void watcher.close() }
}

/** No watches or descriptors left, or no watches at all on this system. Other errors concern a single folder. */
function isExhausted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS', 'ENOTSUP'].includes(String(code))
}
