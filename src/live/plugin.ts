import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { loadConfigFile } from '../builder/settings/config-file.ts'
import { type BuildOptions, parseBuildOptions } from '../builder/settings/options.ts'
import { createDigester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import { MANIFEST_FILE } from '../core/manifest/manifest.ts'
import { asRecord } from '../core/option.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { hiddenSchema } from '../http/exclusive-route.ts'
import { compileRules } from '../http/header-rules.ts'
import { createLog } from '../http/log.ts'
import { type Mount, mountAt, OWN_FOLDER } from '../http/mount.ts'
import { waitForTurn } from '../http/reply.ts'
import { addFolders } from '../serve/folders.ts'
import type { LiveSettings } from '../serve/live-options.ts'
import type { ServeSettings } from '../serve/options.ts'
import { decorate } from '../serve/page/decorations.ts'
import { lookUpInline, readInlineFiles } from '../serve/page/inline.ts'
import { addVersionRoutes, describeVersion } from '../serve/page/version.ts'
import { addBuildRoutes, addRootFile } from '../serve/routes.ts'
import { addSendStatic } from '../serve/send-static.ts'
import { parseSource } from '../sources/source.ts'
import { createHostCheck, type HostCheck, refuseProduction } from './guard.ts'
import { takePageSnapshot } from './page-snapshot.ts'
import { addClientToPages, formatScript, LIVE_CLIENT } from './reload/client.ts'
import { type ChangeNotifier, createChangeNotifier } from './reload/notifier.ts'
import { createLiveResolver, type LiveResolver } from './resolve/live-resolver.ts'
import { createLiveSite } from './site.ts'
import { atAddress, type DevServer, withDevServer } from './vite/dev-server.ts'
import { startLiveWatch } from './watch.ts'

const NO_STATS = { assets: 0, digest: 'live', damaged: 0, reloads: 0 }

/**
 * Serves sources without a build, for development.
 *
 * @throws FingerpostError `FP_CONFIG` where `NODE_ENV` is `production`; what a build throws for options and sources
 */
export async function serveLive(
  app: FastifyInstance,
  settings: ServeSettings,
  live: LiveSettings,
): Promise<void> {
  refuseProduction(live)
  const build = await loadLiveBuild(live)
  const publicUrl = parsePublicUrl(build.options.url ?? '/static/')
  const mount = mountAt(publicUrl.pathname, app.prefix, settings.prefix)
  const sources = await createLiveResolver({
    ...{ build: build.options, cwd: build.cwd, url: mount.path, now: Date.now },
  })
  const checkHost = createHostCheck(live.allowedHosts)
  const vite = await openVite(app, mount, { ...live, stallSeconds: settings.stallSeconds, checkHost })
  const resolver = vite === undefined ? sources : withDevServer(app, sources, vite)
  const [digester, rules] = await Promise.all([createDigester(), compileRules(settings.headers)])
  const templates = live.reload ? live.watch : []
  const onError = (error: unknown) => createLog(app.log).warn(error)
  const onListed = await createTypesWriter(build, resolver)
  const notifier = createChangeNotifier({
    ...{ resolver, onListed, onError, pages: await takePageSnapshot(templates) },
  })
  app.addHook('preClose', async () => notifier.close())
  const script = live.reload ? formatScript(scriptUrl(mount)) : undefined
  const onAnswer = notifier.checkProblemsSoon
  const site = createLiveSite(resolver, {
    ...{ settings, rules, digester, script, checkHost, onAnswer, onFault: onError },
  })
  const parts = { site, settings }
  addBuildRoutes(app, mount.route, parts)
  for (const [url, name] of Object.entries(settings.rootFiles)) addRootFile(app, url, name, parts)
  await addFolders(app, settings)
  const folders = [...resolver.sources.map(({ folder }) => folder), ...templates]
  const watch = addWatch(app, folders, notifier)
  if (live.reload) addReload(app, mount, { notifier, watch, checkHost })
  announce(app, settings, resolver)
  if (!settings.decorate) return
  addVersionRoutes(app, mount, () => NO_STATS.digest, settings)
  decorate(app, {
    site: {
      current: { resolver },
      stats: () => ({ ...NO_STATS, ...site.sender.cache.stats() }),
    },
    reloader: { reload: async () => notifier.check({ isNew: true }) },
    earlyHints: settings.earlyHints,
    mount: { url: mount.url, root: settings.root },
    version: describeVersion(mount.path, () => NO_STATS.digest),
    inline: lookUpInline(() =>
      readInlineFiles(settings.inline, resolver, (name) => resolver.find(name)?.read() ?? Buffer.alloc(0)),
    ),
  })
  addSendStatic(app, site, (name) => resolver.resolve(name))
}

/** The build that live mode stands in for. */
interface LiveBuild {
  readonly options: BuildOptions
  /** The base of relative paths in the options. Absolute. */
  readonly cwd: string
}

/** Reads the config file. Sources given to the plugin replace those of the file. */
async function loadLiveBuild({ config, sources, vite }: LiveSettings): Promise<LiveBuild> {
  const { file, folder, value } = await loadConfigFile(process.cwd(), config)
  const where = file ?? 'the options'
  parseBuildOptions(value, folder, where)
  // Sources given here are relative to the working directory, wherever the config file is.
  const given = sources?.map((source) => {
    const { folder: dir, prefix } = parseSource(source, process.cwd())
    return { dir, prefix }
  })
  const options = { ...asRecord(value, where), ...(given && { sources: given }) } as unknown as BuildOptions
  const all = options.sources ?? []
  if (vite !== false) {
    const sources = all.filter((source) => existsSync(parseSource(source, folder).folder))
    return { options: { ...options, sources }, cwd: folder }
  }
  if (all.length > 0) return { options, cwd: folder }
  throw new FingerpostError('FP_CONFIG', 'Live mode has no sources.', {
    remedy: "Pass them: { live: true, sources: ['assets'] }, or list them in fingerpost.config.mjs.",
  })
}

/** Writes the names as types if the build's options ask for it, now and whenever it is called. */
async function createTypesWriter(
  { options, cwd }: LiveBuild,
  resolver: LiveResolver,
): Promise<() => Promise<void>> {
  const { types } = options
  if (types === undefined) return async () => undefined
  const { saveNameTypes } = await import('../builder/publish/name-types.ts')
  const write = async () => void (await saveNameTypes(resolve(cwd, types), resolver.names()))
  await write()
  return write
}

/**
 * Returns what starts the watch, unless it has started. Watches keep a process alive, so they wait until the server
 * listens or a page does: an app that is only asked by `inject` needs none.
 */
function addWatch(app: FastifyInstance, folders: readonly string[], { check }: ChangeNotifier): () => void {
  let watch: ReturnType<typeof startLiveWatch> | undefined
  const onPolling = (reason: unknown) =>
    createLog(app.log).warn(
      reason,
      `fingerpost gets no file system events for ${folders.join(', ')} and checks every half second instead`,
    )
  const start = () => {
    watch ??= startLiveWatch({ folders, check, onPolling })
  }
  app.addHook('onListen', async () => start())
  app.addHook('onClose', async () => watch?.close())
  return start
}

function announce(app: FastifyInstance, { root }: ServeSettings, { sources }: LiveResolver): void {
  const folders = sources.map(({ folder }) => folder).join(', ')
  const log = createLog(app.log)
  log.info(`fingerpost serves live from ${folders}`)
  if (existsSync(join(root, MANIFEST_FILE))) log.warn(`fingerpost ignores the build in ${root} in live mode`)
}

/** Vite's dev server, if the options say so. */
async function openVite(
  app: FastifyInstance,
  { route, path }: Mount,
  { vite, ...options }: LiveSettings & { readonly checkHost: HostCheck; readonly stallSeconds: number },
): Promise<DevServer | undefined> {
  if (typeof vite === 'string') return atAddress(vite)
  if (!vite) return undefined
  const { startVite } = await import('./vite/middleware.ts')
  const folder = `${OWN_FOLDER}vite/`
  return startVite(app, { ...options, route: route + folder, path: path + folder })
}

function scriptUrl({ path }: Mount): string {
  return `${path}${OWN_FOLDER}live.js`
}

interface ReloadParts {
  readonly notifier: ChangeNotifier
  readonly watch: () => void
  readonly checkHost: HostCheck
}

/** Serves the client and its events, and adds it to pages. */
function addReload(app: FastifyInstance, mount: Mount, { notifier, watch, checkHost }: ReloadParts): void {
  const headers = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' }
  app.get(`${mount.route}${OWN_FOLDER}live.js`, { schema: hiddenSchema() }, (_request, reply) =>
    reply.headers({ ...headers, 'Content-Type': 'text/javascript; charset=utf-8' }).send(LIVE_CLIENT),
  )
  app.get(`${mount.route}${OWN_FOLDER}events`, { schema: hiddenSchema() }, async (request, reply) => {
    if (checkHost(request.raw.headers) !== undefined) return reply.code(403).send()
    const { raw } = reply.hijack()
    if (!(await waitForTurn(raw))) return
    watch()
    const { seen, page } = request.query as { readonly seen?: string; readonly page?: string }
    // Browsers send the header when they reconnect by themselves.
    const lastSeen = String(request.headers['last-event-id'] ?? seen ?? '') || undefined
    notifier.events.connect(raw, { seen: lastSeen, isNew: page === 'new' })
  })
  addClientToPages(app, scriptUrl(mount))
}
