import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import helmet from '@fastify/helmet'
import view from '@fastify/view'
import { Eta } from 'eta'
import Fastify, { type FastifyInstance } from 'fastify'
import Handlebars from 'handlebars'
import { Liquid } from 'liquidjs'
import nunjucks from 'nunjucks'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { makeTree } from '../support/tree.ts'
import { ENGINE_PAGES, type EnginePage } from './engines.ts'

const SITE = {
  'css/site.css': '@import "base.css";',
  'css/base.css': 'h1{color:teal}',
  'js/app.js': "import './dep.js'",
  'js/dep.js': '',
  'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}

/** A live app with @fastify/view and one page, and the plugins in this order. */
async function setUp(context: TestContext, page: EnginePage, order: readonly string[]) {
  const sources = [makeTree(context, SITE)]
  const root = makeTree(context, { [`page${page.extension}`]: page.source })
  const app = Fastify()
  context.after(() => app.close())
  const plugins: Readonly<Record<string, () => unknown>> = {
    fingerpost: () => app.register(fingerpost, { live: true, sources }),
    helmet: () => app.register(helmet, { enableCSPNonces: true }),
    view: () => {
      const { staticHelpers } = app
      return app.register(view, {
        root,
        defaultContext: { ...staticHelpers, shade: 'teal' },
        ...page.viewOptions(staticHelpers, root),
      })
    },
  }
  for (const name of order) await plugins[name]?.()
  app.get('/', (_request, reply) => reply.view(`page${page.extension}`, {}))
  app.get('/rendered', async (_request, reply) => {
    reply.type('text/html')
    return app.view(`page${page.extension}`, {})
  })
  return app
}

const attributesOf = (html: string, name: string) =>
  [...html.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value)

/** Everything the page names is there; nothing on it is markup turned to text. */
async function assertComplete(app: FastifyInstance, html: string): Promise<void> {
  // Handlebars writes it so.
  const readable = html.replaceAll('&#x3D;', '=')
  const urls = [...attributesOf(readable, 'href'), ...attributesOf(readable, 'src')].filter(
    (url) => !url.includes('/__fingerpost/'),
  )
  assert.ok(urls.length >= 6, html)
  for (const url of urls) {
    assert.match(url, /^\/static\/(css|js|img)\/\w+\.[0-9a-f]{16}\.\w+(\?v=1&amp;w=2)?$/)
    const { statusCode } = await app.inject({ url: url.replaceAll('&amp;', '&') })
    assert.equal(statusCode, 200, url)
  }
  assert.doesNotMatch(html, /__keywords|&lt;|\[object/)
  assert.match(html, /<link rel="stylesheet"[^>]* media="screen"/)
}

for (const page of ENGINE_PAGES) {
  test(`${page.engine} with @fastify/view: reply.locals bring the nonce of the request`, async (context) => {
    const app = await setUp(context, page, ['helmet', 'fingerpost', 'view'])
    const { body, headers } = await app.inject({ url: '/' })
    await assertComplete(app, body)
    const policy = String(headers['content-security-policy'])
    const nonces = attributesOf(body, 'nonce')
    assert.ok(nonces.length >= 5, body)
    for (const nonce of nonces) assert.ok(policy.includes(`'nonce-${nonce}'`))
    const again = await app.inject({ url: '/' })
    assert.notEqual(attributesOf(again.body, 'nonce')[0], nonces[0])
  })

  test(`${page.engine} with @fastify/view: defaultContext serves pages without a reply`, async (context) => {
    const app = await setUp(context, page, ['fingerpost', 'view'])
    const { body } = await app.inject({ url: '/rendered' })
    await assertComplete(app, body)
    assert.deepEqual(attributesOf(body, 'nonce'), [])
  })
}

test('the order in which view, fingerpost and helmet are registered makes no difference', async (context) => {
  const [, ejs] = ENGINE_PAGES
  assert.ok(ejs)
  for (const order of ['view fingerpost helmet', 'helmet view fingerpost', 'fingerpost helmet view']) {
    const app = await setUp(context, ejs, order.split(' '))
    const { body } = await app.inject({ url: '/' })
    await assertComplete(app, body)
    assert.ok(attributesOf(body, 'nonce').length >= 5, order)
  }
})

test('what a route puts into reply.locals keeps the helpers', async (context) => {
  for (const order of [
    ['view', 'fingerpost'],
    ['fingerpost', 'view'],
  ]) {
    const [, ejs] = ENGINE_PAGES
    assert.ok(ejs)
    const source = `<%= static('img/logo.svg') %> <%= user %> <%= added %>`
    const app = await setUp(context, { ...ejs, source }, order)
    app.addHook('preHandler', async (_request, reply) => {
      const holder = reply as unknown as { locals: Record<string, unknown> }
      holder.locals = { user: 'ann' }
      holder.locals['added'] = 'later'
    })
    app.get('/mine', (_request, reply) => reply.view(`page${ejs.extension}`))
    const { body } = await app.inject({ url: '/mine' })
    assert.match(body, /^\/static\/img\/logo\.[0-9a-f]{16}\.svg ann later/)
  }
})

test('a tag or helper that is not installed says what to write', async (context) => {
  const sources = [makeTree(context, SITE)]
  const root = makeTree(context, {
    'page.njk': "{% static 'css/site.css' %}",
    'page.liquid': "{% static 'css/site.css' %}",
    'page.hbs': "{{stylesheetTag 'css/site.css'}}",
    'filter.njk': "{{ 'css/site.css' | static }}",
    'filter.liquid': "{{ 'css/site.css' | static }}",
    'page.eta': "<%~ it.stylesheetTag('css/site.css') %>",
  })
  const wanted: Readonly<Record<string, readonly [engine: object, remedy: RegExp]>> = {
    'page.njk': [{ nunjucks }, /Write: installNunjucks\(environment, app\.staticHelpers\)/],
    'page.liquid': [{ liquid: new Liquid({ root }) }, /Write: installLiquid\(liquid, app\.staticHelpers\)/],
    'page.hbs': [
      { handlebars: Handlebars.create() },
      /Write: installHandlebars\(handlebars, app\.staticHelpers\)/,
    ],
    'filter.njk': [{ nunjucks }, /static is a tag, not a filter\. Write: \{% static/],
    'filter.liquid': [
      { liquid: new Liquid({ root, strictFilters: true }) },
      /static is a tag, not a filter\. Write: \{% static/,
    ],
    'page.eta': [{ eta: new Eta() }, /Write: render the page with/],
  }
  for (const [template, [engine, remedy]] of Object.entries(wanted)) {
    const app = Fastify()
    context.after(() => app.close())
    await app.register(fingerpost, { live: true, sources })
    await app.register(view, { engine: engine as never, root })
    // A page with locals of its own, as those of another plugin.
    app.get('/', async (_request, reply) => {
      reply.type('text/html')
      Object.defineProperty(reply, 'locals', { value: {} })
      return reply.view(template, {})
    })
    const response = await app.inject('/')
    assert.equal(response.statusCode, 500, template)
    assert.match(response.body, remedy, template)
  }
})
