import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { BuildOptions } from '../build/options.ts'
import { createDigester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import { MANIFEST_FILE } from '../core/manifest.ts'
import { asRecord } from '../core/option.ts'
import { encodePath } from '../core/path.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import type { LiveResolver } from '../resolve/live-resolver.ts'
import { decorate } from './decorations.ts'
import { compileRules } from './header-rules.ts'
import { LIVE_CLIENT } from './live-client.ts'
import { createLiveHub, type LiveHub } from './live-hub.ts'
import { injectScript } from './live-inject.ts'
import { createLiveSite } from './live-site.ts'
import { mountAt } from './mount.ts'
import type { LiveSettings, ServeSettings } from './options.ts'
import { addBuildRoutes, addRootFile } from './routes.ts'

/** Where live mode's own files are, below the mount. No logical path of a source begins so unless somebody means harm. */
const OWN_FOLDER = '__fingerpost/'

/** Milliseconds after an answer at which new problems are looked for: a page asks for many files at once. */
const PROBLEMS_AFTER_MS = 50

/**
 * Serves sources without a build, for development.
 *
 * @throws FingerpostError `FP_CONFIG` where `NODE_ENV` is `production`; whatever a build says of options and sources
 */
export async function serveLive(
  app: FastifyInstance,
  settings: ServeSettings,
  live: LiveSettings,
): Promise<void> {
  refuseProduction(live)
  const { options, cwd } = await loadBuildOptions(live)
  const publicUrl = parsePublicUrl(options.url ?? '/static/')
  const mount = mountAt(publicUrl.pathname, app.prefix, settings.prefix)
  const { createLiveResolver } = await import('../resolve/live-resolver.ts')
  const resolver = await createLiveResolver({ build: options, cwd, url: mount.path, now: Date.now })
  const [digester, rules] = await Promise.all([createDigester(), compileRules(settings.rules)])
  const bell = startBell(app, resolver)
  const onDamage = (error: unknown) => app.log.warn(error)
  const site = createLiveSite(resolver, { settings, rules, digester, onAnswer: bell.look, onDamage })
  addBuildRoutes(app, mount.route, { site, settings, sender: site.sender })
  for (const [url, name] of Object.entries(settings.rootFiles)) {
    addRootFile(app, url, name, { site, settings, sender: site.sender })
  }
  if (live.reload) addReload(app, mount, bell.hub)
  await watch(app, resolver, bell.changed)
  announce(app, settings, resolver)
  if (!settings.decorate) return
  decorate(app, {
    site: {
      current: { resolver, importMap: (given) => importMapTag(options, resolver, given?.nonce) },
      stats: () => ({ ...NO_STATS, ...site.sender.cache.stats() }),
    },
    reloader: { reload: async () => bell.changed({ isNew: true }) },
    earlyHints: settings.earlyHints,
    mount: { url: mount.url, root: settings.root },
  })
}

const NO_STATS = { assets: 0, digest: '', damaged: 0, reloads: 0 }

function refuseProduction({ force }: LiveSettings): void {
  if (process.env['NODE_ENV'] !== 'production' || force) return
  throw new FingerpostError('FP_CONFIG', 'Live mode is for development, and NODE_ENV is production.', {
    remedy:
      'Build (fingerpost build) and register without live; or, if this is meant, live: { force: true }.',
  })
}

async function loadBuildOptions(live: LiveSettings) {
  const { loadConfigFile } = await import('../build/config-file.ts')
  const { parseBuildOptions } = await import('../build/options.ts')
  const { file, folder, value } = await loadConfigFile(process.cwd(), live.config)
  const where = file ?? 'the options'
  parseBuildOptions(value, folder, where)
  const { sources } = live
  const given = sources === undefined ? {} : { sources: await absolute(sources) }
  const options = { ...asRecord(value, where), ...given } as unknown as BuildOptions
  if ((options.sources ?? []).length > 0) return { options, cwd: folder }
  throw new FingerpostError('FP_CONFIG', 'Live mode has no sources to serve.', {
    remedy: "Name them: { live: true, sources: ['assets'] }, or list them in fingerpost.config.mjs",
  })
}

/** Sources given to the plugin start in the working directory, wherever the config file is. */
async function absolute(sources: NonNullable<LiveSettings['sources']>) {
  const { parseSource } = await import('../find/source.ts')
  return sources.map((source) => {
    const { folder, prefix } = parseSource(source, process.cwd())
    return { dir: folder, prefix }
  })
}

/** A build of earlier is never served by accident, and nobody shall wonder where it went. */
function announce(app: FastifyInstance, { root }: ServeSettings, { sources }: LiveResolver): void {
  const folders = sources.map(({ folder }) => folder).join(', ')
  app.log.info(`fingerpost serves live from ${folders}`)
  if (existsSync(join(root, MANIFEST_FILE)))
    app.log.info(`fingerpost leaves the build in ${root} alone while live`)
}

/** Tells browsers of changes and problems. */
interface Bell {
  readonly hub: LiveHub
  /** Something was asked for: it may have problems that nobody has been told of. */
  readonly look: () => void
  /** Something was saved. True if a name has changed. */
  readonly changed: (change: { readonly isNew: boolean }) => Promise<boolean>
}

function startBell(app: FastifyInstance, resolver: LiveResolver): Bell {
  const instance = randomUUID()
  let told = '[]'
  let timer: NodeJS.Timeout | undefined
  const hub = createLiveHub(() => [
    ['hello', instance],
    ['problems', problemsForPage(resolver)],
  ])
  const tellProblems = () => {
    const problems = problemsForPage(resolver)
    const text = JSON.stringify(problems)
    if (text !== told) hub.send('problems', problems)
    told = text
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
        if (isNew) await resolver.relist()
        const changes = resolver.changes().map(({ path, file, integrity }) => {
          return { path, url: file === undefined ? undefined : resolver.url + encodePath(file), integrity }
        })
        if (changes.length > 0) hub.send('change', changes)
        tellProblems()
        return changes.length > 0
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

function addReload(
  app: FastifyInstance,
  mount: { readonly route: string; readonly path: string },
  hub: LiveHub,
): void {
  const headers = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' }
  app.get(`${mount.route}${OWN_FOLDER}live.js`, (_request, reply) =>
    reply.headers({ ...headers, 'Content-Type': 'text/javascript; charset=utf-8' }).send(LIVE_CLIENT),
  )
  app.get(`${mount.route}${OWN_FOLDER}events`, (_request, reply) => {
    reply.hijack()
    hub.add(reply.raw, {})
  })
  injectScript(app, `${mount.path}${OWN_FOLDER}live.js`)
}

async function watch(
  app: FastifyInstance,
  { sources }: LiveResolver,
  onChange: Bell['changed'],
): Promise<void> {
  const { startLiveWatch } = await import('../resolve/live-watch.ts')
  const watching = startLiveWatch({
    folders: sources.map(({ folder }) => folder),
    ignoredNames: new Set(['.git', 'node_modules']),
    onChange: (change) => void onChange(change),
    onUnavailable: (error) =>
      app.log.warn(
        error,
        'fingerpost is not told of changes by the system and looks every half second instead',
      ),
  })
  app.addHook('onClose', async () => watching.close())
}

/** Bare specifiers alone: what modules name otherwise is rewritten, or answered under its logical name. */
function importMapTag(
  { importMap = {} }: BuildOptions,
  resolver: LiveResolver,
  nonce: string | undefined,
): string {
  const imports = Object.entries(importMap).map(([specifier, name]) => {
    return [specifier, name.endsWith('/') ? resolver.url + encodePath(name) : resolver.resolve(name)]
  })
  const json = JSON.stringify({ imports: Object.fromEntries(imports) }).replaceAll('<', '\\u003c')
  const attribute = nonce === undefined ? '' : ` nonce="${nonce.replaceAll('"', '&quot;')}"`
  return `<script type="importmap"${attribute}>${json}</script>`
}
