import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createTemplateHelpers, createTestingResolver, fingerpostTesting } from '../../src/testing.ts'
import { makeTree } from '../support/tree.ts'

test('without sources every name has an answer, the same on every day', async () => {
  const resolver = await createTestingResolver()
  assert.equal(resolver.resolve('css/any thing.css?a#b'), '/static/css/any%20thing.css?a#b')
  assert.match(resolver.integrity('x.js'), /^sha384-A{64}$/)
  assert.equal(resolver.describe('x.css').type, 'text/css; charset=utf-8')
  for (const name of ['', '/x.css', '../x'])
    assert.throws(() => resolver.resolve(name), { code: 'FP_UNKNOWN_NAME' })
})

test('with sources only their files have, and a misspelt one names the nearest', async (context) => {
  const cwd = makeTree(context, { 'assets/css/site.css': '', 'assets/.env': '' })
  const resolver = await createTestingResolver({ sources: ['v=assets'], cwd, url: '/s/' })
  assert.equal(resolver.resolve('v/css/site.css?x'), '/s/v/css/site.css?x')
  assert.throws(() => resolver.resolve('v/css/sit.css'), {
    code: 'FP_UNKNOWN_NAME',
    message: /v\/css\/site\.css\?/,
  })
  assert.throws(() => resolver.integrity('v/.env'), { code: 'FP_UNKNOWN_NAME' })
})

test('tags can be made over it', async () => {
  const { stylesheetTag } = createTemplateHelpers(await createTestingResolver())
  assert.match(
    stylesheetTag('a.css', { integrity: false, crossorigin: false }),
    /^<link rel="stylesheet" href="\/static\/a\.css">$/,
  )
})

test("the plugin stands in for the real one in an app's tests", async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpostTesting, {})
  app.get('/', (_request, reply) =>
    reply.send(`${app.static('a.css')} ${reply.static('b.css', { absolute: true })}`),
  )
  const { body } = await app.inject({ url: '/', headers: { host: 'example.org' } })
  assert.equal(body, '/static/a.css http://example.org/static/b.css')
})
