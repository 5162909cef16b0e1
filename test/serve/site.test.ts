import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createDigester } from '../../src/core/digest.ts'
import { createFolderSource } from '../../src/serve/manifest-source.ts'
import { parseServeOptions } from '../../src/serve/options.ts'
import { createSite } from '../../src/serve/site.ts'
import { start } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'

test('a name that was requested before is found by its target in one look-up; any other is not', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}', '100%25.txt': 'encoded' })
  let made = 0
  const matches = () => ++made < 0
  const mount = { route: '/static/', path: '/app/static/', url: '/app/static/' }
  const site = createSite(await createFolderSource(root).load(), {
    settings: parseServeOptions({ root }),
    rules: [{ rule: { match: '*', set: {} }, matches }],
    mount,
    digester: await createDigester(),
    log: Fastify().log,
  })
  const file = site.current.manifest.assets.get('a.css')?.file ?? ''
  const target = (path: string) => site.answerTarget(path, 'GET', {})
  assert.equal(target(`/app/static/${file}`), undefined, 'not requested yet')
  const found = site.answer(file, 'GET', {})
  assert.notEqual(found, undefined)
  assert.equal(target(`/app/static/${file}`), found)
  assert.equal(target(`/static/${file}`), undefined)
  assert.equal(target(`/app/static/${file}?v=1`), undefined)
  assert.equal(made, 1)
  // As a target this spells another name: 100%.txt.
  assert.notEqual(site.answer('100%25.txt', 'GET', {}), undefined)
  assert.equal(target('/app/static/100%25.txt'), undefined)
})

test('a name with a percent sign is never taken for the one its target spells', async (context) => {
  const files = { '100%25.txt': 'encoded', '100%.txt': 'plain', 'a?b.txt': 'question', a: 'a' }
  for (const shortCircuit of [false, true]) {
    const { get } = await start(context, { root: await makeBuild(context, files), shortCircuit })
    for (let round = 0; round < 2; round++) {
      assert.equal((await get('/static/100%2525.txt')).body.toString(), 'encoded')
      assert.equal((await get('/static/100%25.txt')).body.toString(), 'plain')
      assert.equal((await get('/static/a%3Fb.txt')).body.toString(), 'question')
      assert.equal((await get('/static/a?b.txt')).body.toString(), 'a')
    }
  }
})
