import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createDigester } from '../core/digest.ts'
import { MANIFEST_FILE } from '../core/manifest/manifest.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { compileRules } from '../http/header-rules.ts'
import { mountAt } from '../http/mount.ts'
import { formatImportMap } from '../resolve/import-map.ts'
import { addFolders } from '../serve/folders.ts'
import type { LiveSettings, ServeSettings } from '../serve/options.ts'
import { decorate } from '../serve/page/decorations.ts'
import { addBuildRoutes, addRootFile } from '../serve/routes.ts'
import { type LiveBuild, loadLiveBuild, refuseProduction } from './options.ts'
import { startLiveBell } from './reload/change-notifier.ts'
import { LIVE_CLIENT } from './reload/client.ts'
import type { LiveHub } from './reload/hub.ts'
import { formatScript, injectScript } from './reload/inject.ts'
import type { LiveResolver } from './resolve/live-resolver.ts'
import { createLiveSite } from './site.ts'
import { watchPages, watchSources } from './watch/watching.ts'

/** Where live mode's own files are, below the mount. No logical path of a source begins so unless somebody means harm. */
const OWN_FOLDER = '__fingerpost/'

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
  const build = await loadLiveBuild(live)
  const publicUrl = parsePublicUrl(build.options.url ?? '/static/')
  const mount = mountAt(publicUrl.pathname, app.prefix, settings.prefix)
  const { createLiveResolver } = await import('./resolve/live-resolver.ts')
  const resolver = await createLiveResolver({
    ...{ build: build.options, cwd: build.cwd, url: mount.path, now: Date.now },
  })
  const [digester, rules] = await Promise.all([createDigester(), compileRules(settings.rules)])
  const writeTypes = await createTypesWriter(build, resolver)
  await writeTypes()
  const bell = startLiveBell(app, resolver, writeTypes)
  const onFault = (error: unknown) => app.log.warn(error)
  const script = live.reload ? formatScript(scriptUrl(mount)) : undefined
  const site = createLiveSite(resolver, { settings, rules, digester, script, onAnswer: bell.look, onFault })
  addBuildRoutes(app, mount.route, { site, settings })
  for (const [url, name] of Object.entries(settings.rootFiles)) {
    addRootFile(app, url, name, { site, settings })
  }
  await addFolders(app, settings)
  await watchSources(
    app,
    resolver.sources.map(({ folder }) => folder),
    bell.changed,
  )
  if (live.reload) {
    addReload(app, mount, bell.hub)
    await watchPages(app, live.watch, () => bell.hub.send('reload', {}))
  }
  announce(app, settings, resolver)
  if (!settings.decorate) return
  decorate(app, {
    site: {
      current: {
        resolver,
        importMap: ({ nonce, entries } = {}) => formatImportMap(resolver.importMap(entries), nonce),
      },
      stats: () => ({ ...NO_STATS, ...site.sender.cache.stats() }),
    },
    reloader: { reload: async () => bell.changed({ isNew: true }) },
    earlyHints: settings.earlyHints,
    mount: { url: mount.url, root: settings.root },
  })
}

const NO_STATS = { assets: 0, digest: '', damaged: 0, reloads: 0 }

/** Writes the names as types, where the build's options ask for it. */
async function createTypesWriter(
  { options, cwd }: LiveBuild,
  resolver: LiveResolver,
): Promise<() => Promise<void>> {
  const { types } = options
  if (types === undefined) return async () => undefined
  const { saveNameTypes } = await import('../builder/publish/name-types.ts')
  return async () => void (await saveNameTypes(resolve(cwd, types), resolver.names()))
}

/** A build of earlier is never served by accident, and nobody shall wonder where it went. */
function announce(app: FastifyInstance, { root }: ServeSettings, { sources }: LiveResolver): void {
  const folders = sources.map(({ folder }) => folder).join(', ')
  app.log.info(`fingerpost serves live from ${folders}`)
  if (existsSync(join(root, MANIFEST_FILE)))
    app.log.warn(`fingerpost leaves the build in ${root} alone while live`)
}

/** Where browsers find live mode's script. */
function scriptUrl({ path }: { readonly path: string }): string {
  return `${path}${OWN_FOLDER}live.js`
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
  app.get(`${mount.route}${OWN_FOLDER}events`, (request, reply) => {
    reply.hijack()
    const { seen } = request.query as { readonly seen?: string }
    // The header comes where the browser itself has lost the connection.
    hub.add(reply.raw, String(request.headers['last-event-id'] ?? seen ?? '') || undefined)
  })
  injectScript(app, scriptUrl(mount))
}
