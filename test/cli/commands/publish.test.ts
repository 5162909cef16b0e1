import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DICTIONARIES_FILE, formatDictionaries } from '../../../src/core/manifest/dictionaries.ts'
import { MANIFEST_FILE, parseManifest } from '../../../src/core/manifest/manifest.ts'
import { makeBuild, writeBuild } from '../../support/fixture-build.ts'
import { BUCKET, createS3Lab } from '../../support/s3.ts'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const lab = createS3Lab()

test('fingerpost publish uploads, then has nothing to do, then prunes', async (context) => {
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const publish = (...args: readonly string[]) =>
    runIn(root, 'publish', `s3://${BUCKET}/cli`, '--out', '.', '--endpoint', endpoint, ...args)
  const dry = await publish('--dry-run', '--json')
  assert.equal(dry.code, 0, dry.stderr)
  assert.equal(JSON.parse(dry.stdout).uploaded.length, 2)
  const first = await publish()
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /2 files \(.* B\) uploaded to s3:\/\/fingerpost\/cli\/, 0 files already there/)
  assert.match((await publish('--prune')).stderr, /0 files \(0 B\) uploaded.*2 files already there/)
  assert.equal(first.stdout, '')
})

test('publish --prune --dry-run names what would be removed, and removes nothing', async (context) => {
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const root = await makeBuild(context, { 'a.css': 'one' })
  const publish = (...args: readonly string[]) =>
    runIn(root, 'publish', `s3://${BUCKET}/dry`, '--out', '.', '--endpoint', endpoint, ...args)
  for (const text of ['two', 'three']) {
    assert.equal((await publish()).code, 0)
    await writeBuild(root, { 'a.css': text })
  }
  const dry = await publish('--prune', '--keep', '1', '--min-age', '0s', '--dry-run')
  assert.match(dry.stderr, /\d old files? would be removed\n(?: {2}a\.[0-9a-f]{16}\.css\n)+/)
  assert.match((await publish('--prune', '--keep', '1', '--min-age', '0s')).stderr, /\d old files? removed/)
})

test('publish --prune --dry-run names the first 50 files and counts the others', async (context) => {
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const names = Array.from({ length: 60 }, (_, index) => [`${index}.css`, 'a{}'])
  const root = await makeBuild(context, Object.fromEntries(names))
  const publish = (...args: readonly string[]) =>
    runIn(root, 'publish', `s3://${BUCKET}/many`, '--out', '.', '--endpoint', endpoint, ...args)
  assert.equal((await publish()).code, 0)
  await writeBuild(root, { 'a.css': 'a{}' })
  const args = ['--prune', '--keep', '1', '--min-age', '0s', '--dry-run']
  const { stderr } = await publish(...args)
  assert.equal(stderr.match(/^ {2}\d+\.[0-9a-f]{16}\.css$/gm)?.length, 50)
  assert.match(stderr, /60 old files would be removed\n/)
  assert.match(stderr, /… and 10 more files\. --json lists all\.\n/)
  assert.equal(JSON.parse((await publish(...args, '--json')).stdout).removed.length, 60)
})

test('fingerpost publish says that a bucket sends no deltas, for a build that has some', async (context) => {
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const root = await makeBuild(context, { 'a.css': 'a{}'.repeat(999) })
  const publish = () => runIn(root, 'publish', `s3://${BUCKET}/deltas`, '--out', '.', '--endpoint', endpoint)
  assert.doesNotMatch((await publish()).stderr, /bucket can/)
  const [asset] = parseManifest(readFileSync(join(root, MANIFEST_FILE), 'utf8'), 'test').assets.values()
  const { file = '', etag: to = '' } = asset ?? {}
  const delta = { file, to, from: '0123456789abcdef', dictionary: `${'A'.repeat(43)}=` }
  const deltas = [{ ...delta, encodings: { dcb: { size: 1, etag: 'e' } } }]
  writeFileSync(join(root, DICTIONARIES_FILE), formatDictionaries({ minBytes: 1, deltas }))
  const { code, stderr } = await publish()
  assert.equal(code, 0, stderr)
  assert.match(stderr, /1 delta left here: a bucket can't choose, and sends whole files/)
})

test('fingerpost publish says what is wrong', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  assert.equal((await runIn(root, 'publish')).code, 2)
  assert.equal((await runIn(root, 'publish', 'bucket')).code, 2)
  assert.equal((await runIn(root, 'publish', 's3://bucket', '--out', '.', '--variant', 'zip')).code, 2)
  const empty = await runIn(makeTree(context), 'publish', 's3://bucket')
  assert.equal(empty.code, 1)
  assert.match(empty.stderr, /^fingerpost: staticfiles\/ holds no build\. Run: fingerpost build\n$/)
})
