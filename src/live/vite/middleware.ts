import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { Plugin } from 'vite'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { hiddenSchema } from '../../http/exclusive-route.ts'
import { createLog } from '../../http/log.ts'
import { limitStall, type RawResponse, releaseWhenReset, waitForTurn } from '../../http/reply.ts'
import type { LiveSettings } from '../../serve/live-options.ts'
import type { HostCheck } from '../guard.ts'
import type { DevServer } from './dev-server.ts'

/** Where Vite answers in an app. */
export interface ViteMount {
  /** The path of its route within the Fastify scope, and in requests. Both end with a slash. */
  readonly route: string
  readonly path: string
  readonly checkHost: HostCheck
  readonly allowedHosts: LiveSettings['allowedHosts']
  readonly stallSeconds: number
}

/**
 * Starts Vite in the app, with the project's own configuration: its requests arrive by a route, its WebSocket by the
 * app's server. It ends with the app.
 *
 * @throws FingerpostError `FP_CONFIG` if the package `vite` is not installed. Errors of Vite's configuration are logged, and
 *   thrown for each page.
 */
export async function startVite(app: FastifyInstance, mount: ViteMount): Promise<DevServer> {
  const { createServer, version } = await loadVite()
  const { route, path, checkHost, allowedHosts, stallSeconds } = mount
  // Not awaited: Fastify gives a plugin ten seconds to start. The first page waits.
  const starting = createServer({
    base: path,
    appType: 'custom',
    ...underWatch(version),
    server: {
      middlewareMode: true,
      // What is for a server with an address of its own.
      origin: '',
      // As Vite 8.1 and newer call it.
      [Number.parseFloat(version) >= 8.1 ? 'ws' : 'hmr']: { server: app.server },
      allowedHosts: allowedHosts === true || [hostname(), ...allowedHosts],
    },
    plugins: [SAME_ORIGIN],
  })
  // Before the app waits for its connections, the WebSockets among them.
  app.addHook('preClose', () => starting.then((vite) => vite.close(), ignore))
  app.route({
    method: ['GET', 'HEAD'],
    url: `${route}*`,
    schema: hiddenSchema(),
    async handler({ raw }, reply) {
      if (checkHost(raw.headers) !== undefined) return reply.code(403).send()
      const vite = await starting
      reply.hijack()
      // Vite opens and reads files as soon as it is asked.
      if (!(await waitForTurn(reply.raw))) return reply
      guardAnswer(reply.raw, stallSeconds * 1000)
      vite.middlewares(raw, reply.raw, (error: unknown) => {
        reply.raw.statusCode = error === undefined ? 404 : 500
        reply.raw.end()
      })
      return reply
    },
  })
  starting.catch((error: unknown) => createLog(app.log).error(error, 'fingerpost: Vite does not start'))
  return {
    url: path,
    async hasReact() {
      const { pluginContainer } = (await starting).environments.client
      return (await pluginContainer.resolveId('/@react-refresh')) !== null
    },
  }
}

/**
 * `node --watch` restarts the app when an imported module changes. Vite's default loader imports the configuration from
 * a temporary file and removes it, so the app would restart without end.
 */
function underWatch(version: string): { configLoader?: 'native' | 'runner' } {
  if (process.env['WATCH_REPORT_DEPENDENCIES'] === undefined) return {}
  // Vite 9 has no `runner`, and runs only where Node reads TypeScript itself.
  return { configLoader: Number.parseFloat(version) < 9 ? 'runner' : 'native' }
}

/** Vite keeps a file open whose client has disconnected, and waits for one that takes nothing. */
function guardAnswer(raw: RawResponse, stallMs: number): void {
  releaseWhenReset(raw)
  raw.once('pipe', (source) => raw.once('close', () => source.destroy?.()))
  // Not earlier: Vite may take longer to answer. It pipes files, and ends with what it has compiled.
  for (const event of ['pipe', 'prefinish']) raw.once(event, () => limitStall(raw, stallMs))
}

/** Vite lets pages of every port of this machine read the sources, unless its configuration says otherwise. */
const SAME_ORIGIN: Plugin = {
  name: 'fingerpost-same-origin',
  config: ({ server }) => (server?.cors === undefined ? { server: { cors: false } } : undefined),
}

function ignore(): void {}

async function loadVite(): Promise<typeof import('vite')> {
  try {
    return await import('vite')
  } catch (cause) {
    if (!isSystemError(cause, 'ERR_MODULE_NOT_FOUND')) throw cause
    throw new FingerpostError('FP_CONFIG', 'live.vite is true, but the package vite is not installed.', {
      remedy: 'npm install --save-dev vite. Or name the address of a dev server: live: { vite: … }',
      cause,
    })
  }
}
