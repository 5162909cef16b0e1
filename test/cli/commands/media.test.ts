import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BUCKET, createS3Lab } from '../../support/s3.ts'
import { makeTree, readTree, writeTree } from '../../support/tree.ts'
import { runIn, runWith } from '../support.ts'

const lab = createS3Lab()

test('fingerpost media sweep removes leftovers of folders and buckets once they are old', async (context) => {
  const folder = makeTree(context)
  writeTree(folder, { 'media/a.txt': 'a', 'media/.fingerpost-0123456789abcdef.tmp': 'hal' })
  assert.match((await runIn(folder, 'media', 'sweep', 'media')).stderr, /^0 leftovers removed/)
  const swept = await runIn(folder, 'media', 'sweep', 'media', '--min-age', '0s', '--json')
  assert.deepEqual(JSON.parse(swept.stdout), { storage: `folder ${join(folder, 'media')}`, removed: 1 })
  assert.deepEqual([...readTree(join(folder, 'media')).keys()], ['a.txt'])
  assert.equal((await runIn(folder, 'media', 'clean', 'media')).code, 2)
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const bucket = await runIn(folder, 'media', 'sweep', `s3://${BUCKET}/sweep`, '--endpoint', endpoint)
  assert.match(bucket.stderr, /^0 leftovers removed from s3:\/\/fingerpost\/sweep\//)
})

test('fingerpost media orphans prints what is no longer used, old enough, and removes nothing', async (context) => {
  const folder = makeTree(context)
  const names = ['a.txt', 'avatars/left.png', 'avatars/used.png', 'ü b.txt', 'young.txt']
  for (const name of names) writeTree(folder, { [`media/${name}`]: 'x' })
  for (const name of names.filter((each) => each !== 'young.txt'))
    utimesSync(join(folder, 'media', name), 0, Date.now() / 1000 - 90_000)
  const used = 'avatars/used.png\r\na.txt\n\nnever-stored.txt\n'
  const piped = await runWith({ cwd: folder, input: used }, 'media', 'orphans', 'media')
  assert.deepEqual([piped.code, piped.stdout], [0, 'avatars/left.png\nü b.txt\n'])
  assert.match(piped.stderr, /^2 orphans \(2 B\) in folder .*, 3 names in use$/m)
  writeTree(folder, { 'used.txt': used })
  const words = [
    'orphans',
    'media',
    '--used',
    'used.txt',
    '--prefix',
    'avatars/',
    '--min-age',
    '0s',
    '--json',
  ]
  const { stdout } = await runIn(folder, 'media', ...words)
  assert.deepEqual(JSON.parse(stdout).orphans, [{ name: 'avatars/left.png', size: 1 }])
  assert.equal(readTree(join(folder, 'media')).size, 5)
})

test('fingerpost media orphans takes no names for a mistake', async (context) => {
  const folder = makeTree(context, { 'media/a.txt': 'a', empty: '\n' })
  for (const words of [[], ['--used', 'empty'], ['--used', 'none.txt']]) {
    const { code, stdout, stderr } = await runIn(folder, 'media', 'orphans', 'media', ...words)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /every file would be an orphan|Cannot read the names in use: ENOENT/)
  }
})

test('fingerpost media orphans lists a bucket', async (context) => {
  const endpoint = await lab.environment(context)
  const storage = await lab.storage(context)
  if (endpoint === undefined || storage === undefined) return
  for (const name of ['left.txt', 'used.txt']) await storage.save(name, Buffer.from('x'))
  const words = ['orphans', `s3://${BUCKET}/${storage.prefix}`, '--endpoint', endpoint, '--min-age', '0s']
  const { code, stdout } = await runWith({ cwd: makeTree(context), input: 'used.txt\n' }, 'media', ...words)
  assert.deepEqual([code, stdout], [0, 'left.txt\n'])
})
