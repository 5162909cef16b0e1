import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree, readTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

test('prune prints what goes, and keeps what a kept build needs', async (context) => {
  const cwd = makeTree(context, {
    'assets/a.txt': '1',
    'fingerpost.config.json': '{ "sources": ["assets"] }',
  })
  for (const content of ['1', '2', '3']) {
    writeFileSync(join(cwd, 'assets/a.txt'), content)
    assert.equal((await runIn(cwd, 'build')).code, 0)
  }
  const files = () => [...readTree(join(cwd, 'staticfiles')).keys()].filter((file) => file.startsWith('a.'))
  assert.equal(files().length, 3)
  const young = await runIn(cwd, 'prune', '--keep', '1')
  assert.equal(young.stdout, '')
  const dry = await runIn(cwd, 'prune', '--keep', '2', '--min-age', '0s', '--dry-run')
  assert.match(dry.stdout, /^a\.[0-9a-f]{16}\.txt\n$/)
  assert.match(dry.stderr, /1 file, 1 B would be removed; 2 builds kept/)
  assert.equal(files().length, 3)
  const real = await runIn(cwd, 'prune', '--keep', '1', '--min-age', '0')
  assert.equal(real.code, 0)
  assert.match(real.stderr, /2 files, 2 B removed; 1 build kept/)
  assert.equal(files().length, 1)
})

test('prune refuses numbers and durations that are none', async (context) => {
  const cwd = makeTree(context)
  assert.match(
    (await runIn(cwd, 'prune', '--keep', '0')).stderr,
    /--keep 0: expected a whole number of at least 1/,
  )
  assert.match((await runIn(cwd, 'prune', '--min-age', 'soon')).stderr, /--min-age soon: expected a duration/)
})
