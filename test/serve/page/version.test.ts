import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { CLIENT_SCRIPT } from '../../../src/client/script.ts'
import { fingerpostTesting } from '../../../src/testing.ts'
import { ENGINE_PAGES } from '../../template/engines.ts'
import { startApp } from './version-app.ts'

test('the version is the digest of the build in service, asked for by a small script', async (context) => {
  const { app, first, redeploy } = await startApp(context)
  assert.ok(CLIENT_SCRIPT.length < 1000, `${CLIENT_SCRIPT.length}`)
  assert.equal(app.staticVersion, first.digest)
  const answer = await app.inject('/static/__fingerpost/version')
  assert.deepEqual([answer.body, answer.headers['cache-control']], [first.digest, 'no-store'])
  const { body } = await app.inject('/')
  const [, src = ''] = / src="([^"]+)" integrity="sha384-/.exec(body) ?? []
  assert.equal((await app.inject(src)).body, CLIENT_SCRIPT)
  assert.match(body, new RegExp(`<meta name="fingerpost-version" content="${first.digest}" data-url=`))
  const { digest } = await redeploy()
  assert.equal(app.staticVersion, digest)
  assert.match((await app.inject('/')).body, new RegExp(`content="${digest}"`))
  assert.doesNotMatch(app.staticHelpers.versionTag({ script: false }), /<script/)
})

test('every engine writes the version, in tests of an app as well', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpostTesting, {})
  assert.equal(app.staticVersion, 'testing')
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: '{{ versionTag(nonce="n") }}',
    EJS: "<%- versionTag({ nonce: 'n' }) %>",
    Eta: "<%~ it.versionTag({ nonce: 'n' }) %>",
    Handlebars: "{{versionTag nonce='n'}}",
    Pug: "!= versionTag({ nonce: 'n' })",
    Liquid: "{{ nil | version_tag: nonce: 'n' }}",
    Edge: "{{{ versionTag({ nonce: 'n' }) }}}",
  }
  const expected = app.staticHelpers.versionTag({ nonce: 'n' })
  assert.match(expected, /content="testing".*nonce="n"><\/script>$/)
  for (const { engine, render } of ENGINE_PAGES)
    assert.equal(await render(sources[engine] ?? '', app.staticHelpers), expected, engine)
})
