import type { EventEmitter } from 'node:events'
import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'

/** Folders that are not watched: they are large and not edited by hand. */
export const IGNORED_FOLDERS: ReadonlySet<string> = new Set(['.git', 'node_modules'])

/** Why a check is requested. `isNew`: files may have appeared or disappeared. */
export interface ChangeHint {
  readonly isNew: boolean
}

/** What is watched, and what to do about it. */
export interface LiveWatchOptions {
  /** Absolute. */
  readonly folders: readonly string[]
  /** Looks for changes: once for events that arrive together, and at intervals. True if it found one. Never rejects. */
  readonly check: (hint: ChangeHint) => Promise<boolean>
  /** Called once, when events turn out to be unavailable and polling starts. */
  readonly onPolling: (reason: unknown) => void
  /** Default: chokidar. Emits `ready`, `raw` for every event of the file system, `addDir` and `error`. */
  readonly openWatcher?: (folders: readonly string[]) => Promise<EventEmitter & { close(): unknown }>
}

/** Listing all folders is slower than checking the files in use: it happens once in so many polls. */
const POLLS_PER_LISTING = Math.ceil(LIMITS.liveRelistMs / LIMITS.livePollMs)

/** No watches or descriptors left, or no watches on this system. Other errors concern a single folder. */
const EXHAUSTED = ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS', 'ENOTSUP']

/**
 * Checks for changes after every event of the file system, and every few seconds without one. It switches to polling
 * where the system has no watches left, and where a check finds a change that no event has reported: some network and
 * container file systems report none. Events are hints only; served content never depends on them.
 */
export function startLiveWatch(options: LiveWatchOptions): { close(): void } {
  const { folders, check, onPolling, openWatcher = openChokidar } = options
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
    else if (mode === 'trust' || mode === 'doubt') mode = hasChanged && isSilent ? 'doubt' : 'trust'
  }

  function stop(next: 'poll' | 'closed'): void {
    mode = next
    scheduleCheck.cancel()
    opening.then((watcher) => watcher?.close()).catch(() => undefined)
    scheduleRound()
  }

  function startPolling(reason: unknown): void {
    if (mode === 'poll' || mode === 'closed') return
    stop('poll')
    onPolling(reason)
  }

  function onEvent(hint: ChangeHint): void {
    events++
    scheduleCheck(hint)
  }

  async function open() {
    const watcher = await openWatcher(folders)
    watcher.on('raw', (event) => onEvent({ isNew: event === 'rename' }))
    // Files may have been written to a new folder before it was watched, and to others before all watches stood.
    watcher.on('addDir', () => onEvent({ isNew: true }))
    watcher.on('ready', () => {
      isReady = true
      scheduleCheck({ isNew: true })
    })
    watcher.on('error', (error) => isSystemError(error, ...EXHAUSTED) && startPolling(error))
    return watcher
  }

  const opening = open().catch(startPolling)
  scheduleRound()
  return { close: () => stop('closed') }
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
 * Only folders are watched: their watches report the files in them too, while a watch for each of 10,000 files takes
 * what the system has. For the same reason raw events are used: chokidar throttles its own and may drop the last step
 * of a save.
 */
async function openChokidar(folders: readonly string[]) {
  const { watch } = await import('chokidar')
  const roots = folders.map((folder) => realpathSync.native(folder))
  return watch(roots, {
    ignored: (path, stats) =>
      stats?.isFile() === true || (IGNORED_FOLDERS.has(basename(path)) && !roots.includes(path)),
    ignoreInitial: true,
    ignorePermissionErrors: true,
    // A link inside a folder leads to something that is watched there; a link that leaves it isn't served.
    followSymlinks: false,
    atomic: false,
  })
}
