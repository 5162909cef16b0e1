import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponderTable } from '../../src/serve/responder-table.ts'
import { start } from '../support/exchange.ts'
import { makeBuild, writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const HEADERS = { cacheControl: 'no-cache', always: [], content: [], vary: [] }

test('a name that was asked for is found by its target, in one look-up; any other is not', async (context) => {
  const manifest = await writeBuild(makeTree(context), { 'a.css': 'a{}', '100%25.txt': 'encoded' })
  let made = 0
  const table = new ResponderTable('/app/static/', manifest, () => {
    made++
    return HEADERS
  })
  const file = manifest.assets.get('a.css')?.file ?? ''
  assert.equal(table.findTarget(`/app/static/${file}`), undefined, 'nobody has asked for it yet')
  const found = table.find(file)
  assert.equal(table.findTarget(`/app/static/${file}`), found)
  assert.equal(table.findTarget(`/static/${file}`), undefined)
  assert.equal(table.findTarget(`/app/static/${file}?v=1`), undefined)
  assert.equal(made, 1)
  // As a target this spells another name: 100%.txt.
  assert.notEqual(table.find('100%25.txt'), undefined)
  assert.equal(table.findTarget('/app/static/100%25.txt'), undefined)
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
