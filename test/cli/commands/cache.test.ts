import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree, readTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

test('cache names its folder, and --clear empties it of what builds have kept', async (context) => {
  const cwd = makeTree(context, {
    'assets/a.txt': 'a'.repeat(500),
    'fingerpost.config.json': '{ "sources": ["assets"], "cache": { "dir": "kept" } }',
    'kept/mine.txt': 'mine',
    'kept/0123456789abcdef.tmp': 'left by a killed build',
    'kept/builds/0123456789abcdef.tmp': 'left by another',
  })
  const packs = () => readdirSync(join(cwd, 'kept')).filter((name) => name.endsWith('.pack'))
  assert.equal((await runIn(cwd, 'build')).code, 0)
  assert.equal(packs().length, 1)
  assert.equal((await runIn(cwd, 'cache')).stdout, `${join(cwd, 'kept')}\n`)
  assert.equal(packs().length, 1)
  assert.equal((await runIn(cwd, 'cache', '--clear')).code, 0)
  assert.deepEqual([...readTree(join(cwd, 'kept')).keys()], ['mine.txt'])
})

test('a cache that is turned off has no folder', async (context) => {
  const cwd = makeTree(context, { 'fingerpost.config.json': '{ "sources": [], "cache": false }' })
  const { code, stderr } = await runIn(cwd, 'cache', '--clear')
  assert.equal(code, 2)
  assert.match(stderr, /turns the cache off/)
})
