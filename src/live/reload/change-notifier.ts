import type { FastifyInstance } from 'fastify'
import { encodePath } from '../../core/path.ts'
import type { LiveResolver } from '../resolve/live-resolver.ts'
import { createLiveHub, type LiveHub } from './hub.ts'

/** Milliseconds after an answer at which new problems are looked for: a page asks for many files at once. */
const PROBLEMS_AFTER_MS = 50

/** Tells browsers of changes and problems. */
export interface LiveBell {
  readonly hub: LiveHub
  /** Something was asked for: it may have problems that nobody has been told of. */
  look(): void
  /** Something may have been saved. True if a name has changed. Never rejects. */
  changed(change: { readonly isNew: boolean }): Promise<boolean>
}

/** @param onListed called when the sources have been listed again */
export function startLiveBell(
  app: FastifyInstance,
  resolver: LiveResolver,
  onListed: () => Promise<void>,
): LiveBell {
  let told = '[]'
  let timer: NodeJS.Timeout | undefined
  const hub = createLiveHub(() => problemsForPage(resolver))
  const tellProblems = () => {
    const problems = problemsForPage(resolver)
    const text = JSON.stringify(problems)
    if (text !== told) hub.update('problems', problems)
    told = text
  }
  const tellChanges = () => {
    const changes = resolver.changes().map(({ path, file, integrity }) => {
      return { path, url: file === undefined ? undefined : resolver.url + encodePath(file), integrity }
    })
    if (changes.length > 0) hub.send('change', changes)
    tellProblems()
    return changes.length > 0
  }
  app.addHook('preClose', async () => {
    clearTimeout(timer)
    hub.close()
  })
  return {
    hub,
    look() {
      timer ??= setTimeout(() => {
        timer = undefined
        tellProblems()
      }, PROBLEMS_AFTER_MS)
      timer.unref()
    },
    async changed({ isNew }) {
      try {
        const hasChanged = tellChanges()
        if (!isNew) return hasChanged
        // The listing is for nearest names; nobody need wait for it to see a save.
        await resolver.relist()
        await onListed()
        return tellChanges() || hasChanged
      } catch (error) {
        // A link that dangles while a tool is at work is no reason to stop.
        app.log.warn(error)
        return false
      }
    },
  }
}

function problemsForPage(resolver: LiveResolver) {
  return resolver
    .problems()
    .filter(({ severity }) => severity === 'error')
    .map(({ file, line, column, message, nearest }) => ({
      place: `${file}:${line}:${column}`,
      message,
      nearest,
    }))
}
