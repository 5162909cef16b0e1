import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createDigester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import { compileRules, type HeaderRule } from '../http/header-rules.ts'
import { createLog } from '../http/log.ts'
import { type Mount, mountAt } from '../http/mount.ts'
import { limitStreams } from '../http/reply.ts'
import { assetOf } from '../resolve/manifest-resolver.ts'
import { addFolders } from '../serve/folders.ts'
import { createFolderSource, createRemoteSource } from '../serve/manifest-source.ts'
import { type FingerpostOptions, parseServeOptions, watchIntervalOf } from '../serve/options.ts'
import { decorate } from '../serve/page/decorations.ts'
import { lookUpInline } from '../serve/page/inline.ts'
import { addIntegrityPolicy, integrityPolicyOf } from '../serve/page/integrity-policy.ts'
import { addVersionRoutes, describeVersion } from '../serve/page/version.ts'
import { createReloader } from '../serve/reload.ts'
import { addBuildRoutes, addRootFile, installShortCircuit, type RouteParts } from '../serve/routes.ts'
import { addSendStatic } from '../serve/send-static.ts'
import { createSite, type Site } from '../serve/site.ts'
import { holdTick } from '../serve/tick.ts'

/**
 * The Fastify plugin: serves a build below one path and answers where its files are.
 *
 * @throws FingerpostError `FP_CONFIG` for a wrong option, `FP_MANIFEST` where there is no usable build,
 * `FP_UNKNOWN_NAME` for a root file or fallback the build doesn't have; all of them stop the start of the app
 */
export const fingerpost = fastifyPlugin(serveBuild, { name: 'fingerpost', fastify: '5.x' })

async function serveBuild(app: FastifyInstance, options: FingerpostOptions): Promise<void> {
  const settings = parseServeOptions(options)
  limitStreams(app.server)
  const tick = holdTick()
  app.addHook('onClose', async () => tick.release())
  if (settings.live !== undefined) {
    // Everything that builds is loaded for it, and for it alone.
    const { serveLive } = await import('../live/plugin.ts')
    return serveLive(app, settings, { ...settings.live, sources: settings.sources })
  }
  const { manifest: remote } = settings
  const source =
    remote === undefined
      ? createFolderSource(settings.root, settings.dictionaries)
      : createRemoteSource(remote)
  const policy = integrityPolicyOf(settings.integrityPolicy)
  const [loaded, digester, rules] = await Promise.all([
    source.load(),
    createDigester(),
    compileRules([...(policy ? [pageRule(policy)] : []), ...settings.headers]),
  ])
  const mount = mountAt(loaded.manifest.url, app.prefix, settings.prefix)
  const log = createLog(app.log)
  const site = createSite(loaded, { settings, rules, mount, digester, log })
  const reloader = createReloader(site, source, log)
  const intervalMs = watchIntervalOf(settings)
  const onMiss = intervalMs === undefined ? undefined : reloader.checkForMiss
  // The files of a remote manifest are served elsewhere.
  if (remote === undefined) addRoutes(app, mount, { site, settings, ...(onMiss && { onMiss }) })
  if (policy !== undefined) addIntegrityPolicy(app, policy)
  await addFolders(app, settings)
  for (const fault of loaded.faults) log.warn(fault)
  if (intervalMs !== undefined) reloader.watch(intervalMs)
  app.addHook('onClose', async () => reloader.close())
  if (!settings.decorate) return
  const current = () => site.current.manifest.digest
  addVersionRoutes(app, mount, current, settings)
  decorate(app, {
    ...{ site, reloader, earlyHints: settings.earlyHints },
    mount: { url: mount.url, root: settings.root },
    version: describeVersion(mount.path, current),
    inline: lookUpInline(() => site.current.inline),
  })
  addSendStatic(app, site, (name) => {
    if (remote !== undefined) throw remoteFile(name)
    assetOf(site.current.manifest, name)
  })
}

/** HTML files of the build are pages too. */
function pageRule([name, value]: readonly [string, string]): HeaderRule {
  return { match: '**/*.{html,htm}', set: { [name]: value } }
}

function addRoutes(
  app: FastifyInstance,
  { route, path }: Mount,
  parts: RouteParts & { readonly site: Site },
): void {
  const { site, settings } = parts
  addBuildRoutes(app, route, parts)
  if (settings.index.fallback !== undefined) assetOf(site.current.manifest, settings.index.fallback)
  for (const [url, name] of Object.entries(settings.rootFiles)) {
    assetOf(site.current.manifest, name)
    addRootFile(app, url, name, parts)
  }
  if (!settings.shortCircuit) return
  app.addHook('onReady', async () => installShortCircuit(app.server, path, site))
}

function remoteFile(name: string): FingerpostError {
  return new FingerpostError(
    'FP_CONFIG',
    `sendStatic can't send ${name}: the files of a remote manifest are elsewhere.`,
    {
      remedy: 'Send the visitor there: reply.redirect(reply.static(name)), or serve a build of this server.',
      details: { name },
    },
  )
}
