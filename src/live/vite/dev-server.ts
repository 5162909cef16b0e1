import type { FastifyInstance } from 'fastify'
import { LIMITS } from '../../core/limit.ts'
import { createLog } from '../../http/log.ts'
import type { Resolver } from '../../resolve/resolver.ts'

/** Vite's development server. */
export interface DevServer {
  /** What precedes its sources in pages: its address with Vite's `base`. Ends with a slash. */
  readonly url: string
  /** Whether it has @vitejs/plugin-react; undefined while it cannot be reached. */
  hasReact(): Promise<boolean | undefined>
}

/** Vite's own server, started by `npx vite`. @param url its address, with its `base` */
export function atAddress(url: string): DevServer {
  return {
    url,
    async hasReact() {
      try {
        const signal = AbortSignal.timeout(LIMITS.viteAnswerMs)
        const { ok, headers } = await fetch(`${url}@react-refresh`, { signal })
        // For unknown paths Vite may answer with the project's index.html.
        return ok && /javascript/.test(headers.get('content-type') ?? '')
      } catch {
        return undefined
      }
    },
  }
}

/** Has every entry of Vite answered by a dev server. */
export function withDevServer<T extends Resolver>(app: FastifyInstance, resolver: T, server: DevServer): T {
  let hasReact: boolean | undefined
  let isMissing = false
  // Helpers cannot wait for an answer, so that requests for pages do, until there is one.
  app.addHook('onRequest', async ({ method, headers }) => {
    if (hasReact !== undefined || method !== 'GET' || !headers.accept?.includes('text/html')) return
    hasReact = await server.hasReact()
    if (hasReact !== undefined || isMissing) return
    isMissing = true
    createLog(app.log).warn(`Vite does not answer at ${server.url}. Start it with: npx vite`)
  })
  return { ...resolver, entry: () => ({ kind: 'dev', url: server.url, hasReact: hasReact ?? false }) }
}
