import { encodePath } from '../../core/path.ts'
import type { PageSnapshot } from '../page-snapshot.ts'
import type { LiveResolver } from '../resolve/live-resolver.ts'
import type { ChangeHint } from '../watch.ts'
import { createLiveEvents, type LiveEvents } from './events.ts'

/** Milliseconds between an answer and the check for new problems: a page requests many files at once. */
const PROBLEMS_DELAY_MS = 50

/** Notifies open pages of changed files, changed templates and problems. */
export interface ChangeNotifier {
  readonly events: LiveEvents
  /** To be called after an answer: the file may have problems that no page knows of. */
  checkProblemsSoon(): void
  /** Looks for changes and sends them. True if there are any. Never rejects. */
  check(hint: ChangeHint): Promise<boolean>
  close(): void
}

/** What a change notifier observes. */
export interface NotifierOptions {
  readonly resolver: LiveResolver
  /** Templates, whose changes reload every page. */
  readonly pages: PageSnapshot
  /** Called after the sources have been listed again. */
  readonly onListed: () => Promise<void>
  readonly onError: (error: unknown) => void
}

export function createChangeNotifier(options: NotifierOptions): ChangeNotifier {
  const { resolver, pages, onListed, onError } = options
  const events = createLiveEvents(() => describeProblems(resolver))
  let sentProblems = '[]'
  let timer: NodeJS.Timeout | undefined

  function sendProblems(): boolean {
    const problems = describeProblems(resolver)
    const text = JSON.stringify(problems)
    const isNew = text !== sentProblems
    if (isNew) events.update('problems', problems)
    sentProblems = text
    return isNew
  }

  function sendChanges(): boolean {
    const changes = resolver.changes().map(({ path, file, integrity }) => {
      return { path, url: file === undefined ? undefined : resolver.url + encodePath(file), integrity }
    })
    if (changes.length > 0) events.send('change', changes)
    sendProblems()
    return changes.length > 0
  }

  async function checkPages(): Promise<boolean> {
    const hasChanged = await pages.hasChanged()
    if (hasChanged) events.send('reload', {})
    return hasChanged
  }

  /** A new listing serves nearest names and import maps, and pages that failed for want of a file. */
  async function relist(): Promise<boolean> {
    const before = new Set(resolver.names())
    await resolver.relist()
    await onListed()
    const after = [...resolver.names()]
    const isSame = after.length === before.size && after.every((name) => before.has(name))
    if (!isSame) events.send('names', {})
    return sendChanges() || !isSame
  }

  /** A dangling link, for example, which a tool is about to complete, must not end the watch. */
  async function attempt(look: () => boolean | Promise<boolean>): Promise<boolean> {
    try {
      return await look()
    } catch (error) {
      onError(error)
      return false
    }
  }

  return {
    events,
    checkProblemsSoon() {
      timer ??= setTimeout(() => {
        timer = undefined
        void attempt(sendProblems)
      }, PROBLEMS_DELAY_MS)
      timer.unref()
    },
    async check({ isNew }) {
      const hasChanged = await attempt(sendChanges)
      const hasNewPages = await attempt(checkPages)
      const hasNewNames = isNew && (await attempt(relist))
      return hasChanged || hasNewPages || hasNewNames
    },
    close() {
      clearTimeout(timer)
      events.close()
    },
  }
}

function describeProblems(resolver: LiveResolver) {
  return (
    resolver
      .problems()
      // A page that imports such a file does not run.
      .filter(({ severity, code }) => severity === 'error' || code === 'import')
      .map(({ file, line, column, message, nearest }) => {
        return { place: `${file}:${line}:${column}`, message, nearest }
      })
  )
}
