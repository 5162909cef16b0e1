import { resolve } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { BUILD_DEFAULTS } from '../../builder/settings/options.ts'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { fingerpost } from '../../plugin/plugin.ts'
import type { FingerpostOptions } from '../../serve/options.ts'
import { parseSource } from '../../sources/source.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { parseInteger } from '../option.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { createServerLog } from './server-log.ts'

/** How to serve a build from the command line. */
export interface ServerOptions {
  /** The folder of a build, absolute. */
  readonly root?: string | undefined
  /** Serve sources instead of a build. */
  readonly live?: Pick<FingerpostOptions, 'live' | 'sources'> | undefined
  /** The file that answers for a folder; undefined for none. */
  readonly index?: string | undefined
  /** Default: silence. */
  readonly log?: FastifyBaseLogger
}

/** `fingerpost serve`: a ready server over a build. */
export const serveCommand = defineCommand({
  usage: '[--live SOURCE…]',
  description: `Serves a build, for a preview or a small site; with --live the sources themselves, for
development: no build, every save visible at the next request. Prints the address on standard
output once it can be asked; ends on SIGINT and SIGTERM, looks for a new build on SIGHUP and
by itself.`,
  options: {
    root: { kind: 'text', value: 'DIR', help: `the build's folder, default ${BUILD_DEFAULTS.out}` },
    host: { kind: 'text', value: 'HOST', help: 'default 127.0.0.1' },
    port: { kind: 'text', value: 'PORT', help: 'default 8080; 0 for any free one' },
    index: { kind: 'text', value: 'FILE', help: 'the file that answers for a folder: index.html' },
    live: { kind: 'flag', help: 'serve sources, without a build; without SOURCE those of the config file' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const { host = '127.0.0.1', port = '8080', index, json } = options
    const number = parseInteger(port, 'port', 0)
    const live = options.live ? liveOptions(positionals, options.config, context) : refuseSources(positionals)
    const root = options.live ? undefined : await rootOf(options, context)
    const app = await createServer({ root, index, live, log: createServerLog(context.stderr) })
    const stopReloading = context.onHangup?.(() => reload(app, context))
    try {
      const address = await listen(app, host, number)
      // The path alone: the files of a build for a CDN are here all the same.
      const { pathname } = new URL(app.staticMount.url, address)
      const url = new URL(pathname, address).href
      if (json) writeJson({ address, url }, context.stdout)
      else context.stdout.write(`${url}\n`)
      await ended(context.signal)
      return 0
    } finally {
      stopReloading?.()
      await app.close()
    }
  },
})

/** A Fastify app with the plugin, not yet listening. @throws FingerpostError `FP_MANIFEST` */
export async function createServer({ root, index, live, log }: ServerOptions): Promise<FastifyInstance> {
  const { default: Fastify } = await import('fastify')
  // What is left open must not keep a server alive that was told to end.
  const app: FastifyInstance = Fastify({
    forceCloseConnections: true,
    ...(log === undefined ? {} : { loggerInstance: log }),
  })
  try {
    await app.register(fingerpost, {
      ...(root === undefined ? {} : { root }),
      ...live,
      ...(index === undefined ? {} : { index }),
    })
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

function liveOptions(
  sources: readonly string[],
  config: string | undefined,
  { cwd }: CommandContext,
): ServerOptions['live'] {
  const parsed = sources.map((source) => parseSource(source, cwd))
  return {
    live: config === undefined ? true : { config: resolve(cwd, config) },
    ...(parsed.length === 0
      ? {}
      : { sources: parsed.map(({ folder, prefix }) => ({ dir: folder, prefix })) }),
  }
}

function refuseSources([first]: readonly string[]): undefined {
  if (first === undefined) return undefined
  throw new FingerpostError('FP_USAGE', `serve takes no sources: ${JSON.stringify(first)}.`, {
    remedy: 'A build is named with --root DIR; sources are served with --live.',
  })
}

async function rootOf(
  options: { readonly root: string | undefined; readonly config: string | undefined; readonly json: boolean },
  context: CommandContext,
): Promise<string> {
  if (options.root !== undefined) return resolve(context.cwd, options.root)
  const settings = await loadSettings(options, {}, context)
  return resolve(settings.cwd, settings.options.out ?? BUILD_DEFAULTS.out)
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    if (!isSystemError(cause, 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND')) throw cause
    throw new FingerpostError('FP_USAGE', `Nothing can listen on ${host}:${port}: ${cause.message}.`, {
      remedy: 'Choose another with --port and --host; --port 0 takes any free port.',
      details: { host, port },
      cause,
    })
  }
}

function reload(app: FastifyInstance, { stderr }: CommandContext): void {
  const say = (taken: boolean) =>
    stderr.write(taken ? 'A new build is in service.\n' : 'There is no new build.\n')
  app.staticReload().then(say, (error: Error) => stderr.write(`${error.message}\n  The old build stays.\n`))
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
