import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { OWN_FOLDER } from '../../builder/publish/lock.ts'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import { encodePath } from '../../core/path.ts'
import { fingerpost } from '../../plugin/plugin.ts'
import type { FingerpostOptions } from '../../serve/options.ts'
import { collect } from '../../sources/collect.ts'
import { escapeHtml } from '../../template/html.ts'
import { atLeast } from '../arguments.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { type Output, writeJson } from '../output.ts'
import { CONFIG_OPTION, loadSettings, loadSources, readBuild, shortPath } from '../settings.ts'
import { createFinders } from './find.ts'

/** `fingerpost serve`: a complete server over a build. */
export const command = defineCommand({
  usage: '[SOURCE]...',
  description: `Serve a build, for a preview or a small site. With --live, serve the sources themselves for
    development: no build is needed and every change shows on the next request. Prints the URL on standard output when
    the server is ready: a page that lists the files, unless --index names another. Picks up new builds by itself and on SIGHUP; stops on SIGINT and SIGTERM.`,
  examples: ['serve --root public', 'serve --live assets --port 3000'],
  options: {
    root: { kind: 'value', short: 'r', value: 'DIR', help: 'Folder of the build (default: staticfiles)' },
    live: { kind: 'flag', short: 'l', help: 'Serve SOURCE, or the sources of the config file' },
    host: { kind: 'value', value: 'HOST', help: 'Address to listen on (default: 127.0.0.1)' },
    port: {
      kind: 'value',
      short: 'p',
      value: 'PORT',
      type: atLeast(0),
      help: 'Port to listen on; 0 picks a free one (default: 8080)',
    },
    index: { kind: 'value', value: 'FILE', help: 'File that answers for a folder: index.html' },
    ...CONFIG_OPTION,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const { host = '127.0.0.1', port = 8080, index } = options
    const { live, config, root } = options
    const served = live
      ? await liveOptions(positionals, { config, host }, context)
      : await buildOptions(positionals, { config, root }, context)
    const { default: Fastify } = await import('fastify')
    // Open connections must not keep a server alive that was told to end.
    const loggerInstance = createServerLog(context.stderr)
    const app: FastifyInstance = Fastify({ forceCloseConnections: true, loggerInstance })
    const stopReloading = context.onHangup?.(() => reload(app, context))
    try {
      await app.register(fingerpost, { ...served.options, ...(index === undefined ? {} : { index }) })
      // Only the path: a build for a CDN is served here all the same.
      const { pathname } = new URL(app.staticMount.url, 'http://localhost')
      if (index !== undefined) await refuseMissingIndex(index, served)
      else addListing(app, pathname, served.listNames)
      const address = await listen(app, host, port)
      const url = new URL(pathname, address).href
      // Printed while the server runs; everything else is printed at the end.
      if (options.json) writeJson({ address, url }, context.stdout)
      else context.stdout.write(`${url}\n`)
      await aborted(context.signal)
      return {}
    } finally {
      stopReloading?.()
      await app.close()
    }
  },
})

/** What is served, and the names of all its files. */
interface Served {
  readonly options: Pick<FingerpostOptions, 'root' | 'live' | 'sources'>
  readonly listNames: () => Promise<Iterable<string>>
}

async function refuseMissingIndex(index: string, { listNames }: Served): Promise<void> {
  for (const name of await listNames()) if (name === index || name.endsWith(`/${index}`)) return
  throw new FingerpostError('FP_USAGE', `No file is called ${index}.`, {
    remedy: 'Name the file that answers for folders, or leave out --index for a list of all files.',
  })
}

/** A page with a link to every file, where the address of the build has no file of its own. */
function addListing(app: FastifyInstance, url: string, listNames: Served['listNames']): void {
  app.get(url, async (_request, reply) => {
    const links = Array.from(
      await listNames(),
      (name) => `<li><a href="./${escapeHtml(encodePath(name))}">${escapeHtml(name)}</a></li>\n`,
    )
    reply.header('cache-control', 'no-store').type('text/html; charset=utf-8')
    return `<!doctype html>\n<title>${links.length} files</title>\n<ul>\n${links.join('')}</ul>\n`
  })
}

async function liveOptions(
  sources: readonly string[],
  { config, host }: { readonly config: string | undefined; readonly host: string },
  context: CommandContext,
): Promise<Served> {
  // Also for its message: the plugin loads the config file itself, and again when it changes.
  const settings = await loadSources({ config }, sources, context, 'fingerpost serve --live assets')
  return {
    options: {
      live: {
        allowedHosts: [host],
        ...(config === undefined ? {} : { config: resolve(context.cwd, config) }),
      },
      ...(sources.length === 0 ? {} : { sources: settings.options.sources }),
    },
    listNames: async () => (await collect(await createFinders(settings))).files.keys(),
  }
}

async function buildOptions(
  [source]: readonly string[],
  { root, config }: { readonly root: string | undefined; readonly config: string | undefined },
  context: CommandContext,
): Promise<Served> {
  if (source !== undefined) {
    throw new FingerpostError('FP_USAGE', `Unexpected argument ${JSON.stringify(source)}.`, {
      remedy: `To serve sources: fingerpost serve --live ${source}\n  To serve a build: fingerpost serve --root ${source}`,
    })
  }
  const folder =
    root === undefined ? (await loadSettings({ config }, [], context)).out : resolve(context.cwd, root)
  if (root !== undefined) await refuseSources(folder, context)
  await readBuild(folder, context)
  return {
    options: { root: folder },
    listNames: async () => (await readBuild(folder, context)).assets.keys(),
  }
}

/** A build into a folder of sources would mix the two: files that no build wrote are sources. */
async function refuseSources(folder: string, { cwd }: CommandContext): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  if (names.length === 0 || names.some((name) => name === MANIFEST_FILE || `${name}/` === OWN_FOLDER)) return
  const source = shortPath(folder, cwd)
  throw new FingerpostError('FP_MANIFEST', `${source}/ holds no build. Run: fingerpost build ${source}`, {
    remedy: `Or serve the files as they are, for development: fingerpost serve --live ${source}`,
    details: { folder },
  })
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    if (!isSystemError(cause, 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'ERR_SOCKET_BAD_PORT'))
      throw cause
    throw new FingerpostError('FP_USAGE', `Cannot listen on ${host}:${port}: ${cause.message}.`, {
      remedy: 'Choose another address with --port and --host. --port 0 picks a free port.',
      details: { host, port },
      cause,
    })
  }
}

function reload(app: FastifyInstance, { stderr }: CommandContext): void {
  const report = (isNew: boolean) =>
    stderr.write(isNew ? 'Now serving the new build.\n' : 'No new build found.\n')
  app.staticReload().then(report, (error: Error) => {
    stderr.write(`${error.message}\n  Still serving the old build.\n`)
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Prints the server's warnings and errors as lines instead of JSON. */
function createServerLog(stderr: Output): FastifyBaseLogger {
  const ignore = () => undefined
  // Loggers take a message, or an object and a message about it.
  const print = (subject: unknown, message?: unknown) => {
    const cause = subject instanceof Error ? subject.message : subject
    const parts = [message, cause].filter((part) => typeof part === 'string' && part !== '')
    stderr.write(`${parts.join(': ')}\n`)
  }
  const quiet = { level: 'warn', silent: ignore, trace: ignore, debug: ignore, info: ignore }
  const log = { ...quiet, warn: print, error: print, fatal: print, child: () => log as FastifyBaseLogger }
  return log as unknown as FastifyBaseLogger
}
