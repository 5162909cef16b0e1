import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import view from '@fastify/view'
import Fastify from 'fastify'
import fingerpost from 'fingerpost'
import katex from 'katex'
import nunjucks from 'nunjucks'
import { addDeploy } from './deploy.js'
import { PAGES } from './pages.js'
import { addProfile } from './profile.js'

const HERE = import.meta.dirname

/**
 * The demo's site, over a build or straight over its sources.
 *
 * @param {object} options what the plugin is registered with: `{ root }` for a build, `{ live }` for none
 * @param {import('fingerpost/media').Storage} storage where portraits are kept
 */
export async function createApp(options, storage) {
  // Browsers open connections ahead of their requests; without this they would delay the end of the server.
  const app = Fastify({ forceCloseConnections: true })
  await app.register(fingerpost, options)
  await app.register(view, {
    engine: { nunjucks },
    root: join(HERE, 'views'),
    options: { autoescape: true, noCache: options.live !== undefined, onConfigure: addFilters },
  })
  const pages = [...PAGES, { href: '/profile', title: 'Profile' }]
  const layout = { pages, assetCount: countText(app.staticStats()), canDeploy: options.root !== undefined }
  for (const page of PAGES) {
    app.get(page.href, async (request, reply) => {
      const manifest = page.href === '/assets' ? await readManifest(options.root) : undefined
      const [template, data] = page.render(request.query, manifest)
      return reply.view(template, { ...layout, current: page.href, ...data })
    })
  }
  await addProfile(app, layout, storage)
  if (options.root !== undefined) addDeploy(app, options.root)
  app.setNotFoundHandler((_request, reply) => reply.code(404).view('missing.njk', layout))
  return app
}

/** KaTeX on the server: a page with formulas needs its stylesheet and fonts, but none of its scripts. */
function addFilters(environment) {
  const tex = (displayMode) => (text) => katex.renderToString(text, { displayMode })
  const safe = (filter) => (text) => new nunjucks.runtime.SafeString(filter(text))
  environment.addFilter('tex', safe(tex(false)))
  environment.addFilter('displayTex', safe(tex(true)))
  environment.addFilter(
    'textWithTex',
    safe((text) => text.replace(/\$([^$]+)\$/g, (_match, formula) => tex(false)(formula))),
  )
}

/** Only the page about assets looks into the manifest; everything else asks `static(name)`. */
async function readManifest(root) {
  return root === undefined ? undefined : JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8'))
}

function countText({ assets }) {
  return assets === 0 ? 'served live from its sources.' : `${assets} files, each named by its digest.`
}
