import { LIMITS } from '../../core/limit.ts'
import { type WatchFolder, watchFolders } from './folder-watch.ts'

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
  /**
   * Looks what has changed: called once for events that come together, and now and then without any. `isNew`: files may
   * have come or gone. True if something has. Never rejects.
   */
  readonly look: (change: { readonly isNew: boolean }) => Promise<boolean>
  /** Called once, where the system doesn't tell of changes. */
  readonly onUnavailable: (error: unknown) => void
  /** Opens one watch; `fs.watch` by default. */
  readonly watchFolder?: WatchFolder
}

/**
 * Looks whenever the system tells of an event, and every few seconds although it doesn't. Where there are no watches,
 * where they run out, and where such a look finds what no event had told of (some network and container file systems
 * tell of nothing), it looks every half second from then on.
 */
export function startLiveWatch(options: LiveWatchOptions): LiveWatch {
  const { look, onUnavailable } = options
  const bell = createBell(look)
  let events = 0
  const watches = watchFolders({
    ...options,
    onEvent(event) {
      events++
      bell.ring(event)
    },
    onExhausted: (error) => rounds.poll(error),
  })
  const rounds = startRounds({
    look,
    countEvents: () => events,
    onDeaf(error) {
      watches.close()
      bell.silence()
      onUnavailable(error)
    },
  })
  // What was saved before the watches stood has rung nothing.
  void watches.standing.then(() => bell.ring({ isNew: false }))
  return {
    close() {
      rounds.end()
      watches.close()
      bell.silence()
    },
  }
}

interface Rounds {
  /** Trusts events no longer. */
  poll(error: unknown): void
  end(): void
}

interface RoundsOptions extends Pick<LiveWatchOptions, 'look'> {
  readonly countEvents: () => number
  /** Called once, when events are no longer trusted. */
  readonly onDeaf: (error: unknown) => void
}

/** Listing all folders takes longer than looking at the files in use, and is done once in so many polls. */
const POLLS_PER_LISTING = Math.ceil(LIMITS.liveRelistMs / LIMITS.livePollMs)

/** Looks that nobody has called for. */
function startRounds({ look, countEvents, onDeaf }: RoundsOptions): Rounds {
  let timer: NodeJS.Timeout | undefined
  let state: 'trust' | 'doubt' | 'poll' | 'end' = 'trust'
  let heard = 0
  let polls = 0

  function goOn(): void {
    clearTimeout(timer)
    if (state === 'end') return
    timer = setTimeout(
      () => void (state === 'poll' ? pollOnce() : distrust()).then(goOn),
      state === 'trust' ? LIMITS.liveDistrustMs : LIMITS.livePollMs,
    )
    timer.unref()
  }

  /** What is found uncalled has been told of, or is told of within a moment, or the watches are deaf. */
  async function distrust(): Promise<void> {
    const hasChanged = await look({ isNew: false })
    const isSilent = countEvents() === heard
    heard = countEvents()
    if (state === 'doubt' && isSilent) poll(new Error('a file has changed, and no event has told of it'))
    if (state === 'doubt' || state === 'trust') state = hasChanged && isSilent ? 'doubt' : 'trust'
  }

  async function pollOnce(): Promise<void> {
    polls++
    await look({ isNew: polls % POLLS_PER_LISTING === 0 })
  }

  function poll(error: unknown): void {
    if (state === 'poll' || state === 'end') return
    state = 'poll'
    onDeaf(error)
    goOn()
  }

  goOn()
  return {
    poll,
    end() {
      state = 'end'
      clearTimeout(timer)
    },
  }
}

interface Bell {
  ring(change: { readonly isNew: boolean }): void
  silence(): void
}

/** Joins what comes together: an editor writes a file in several steps. */
function createBell(look: LiveWatchOptions['look']): Bell {
  let timer: NodeJS.Timeout | undefined
  let isNew = false
  let silenced = false
  return {
    ring(change) {
      if (silenced) return
      isNew ||= change.isNew
      timer ??= setTimeout(() => {
        const told = { isNew }
        timer = undefined
        isNew = false
        void look(told)
      }, LIMITS.liveDebounceMs)
      timer.unref()
    },
    silence() {
      silenced = true
      clearTimeout(timer)
    },
  }
}
