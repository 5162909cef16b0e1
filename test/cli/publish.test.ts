import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeBuild } from '../support/fixture-build.ts'
import { BUCKET, createS3Lab } from '../support/s3.ts'
import { makeTree, readTree, writeTree } from '../support/tree.ts'
import { runIn } from './support.ts'

const lab = createS3Lab()

/** Credentials where the SDK looks for them; taken away when the test ends. */
async function enter(context: TestContext): Promise<string | undefined> {
  const server = await lab.server(context)
  if (server === undefined) return undefined
  const { accessKeyId, secretAccessKey } = server.credentials
  const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  Object.assign(process.env, variables)
  context.after(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })
  return server.endpoint
}

test('fingerpost publish uploads, then has nothing to do, then prunes', async (context) => {
  const endpoint = await enter(context)
  if (endpoint === undefined) return
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const publish = (...args: readonly string[]) =>
    runIn(root, 'publish', `s3://${BUCKET}/cli`, '--out', '.', '--endpoint', endpoint, ...args)
  const dry = await publish('--dry-run', '--json')
  assert.equal(dry.code, 0, dry.stderr)
  assert.equal(JSON.parse(dry.stdout).uploaded.length, 2)
  const first = await publish()
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /uploaded 2 files \(.* B\) to s3:\/\/fingerpost\/cli\/, 0 files there already/)
  assert.match((await publish('--prune')).stderr, /uploaded 0 files \(0 B\).*2 files there already/)
  assert.equal(first.stdout, '')
})

test('fingerpost publish says what is wrong', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  assert.equal((await runIn(root, 'publish')).code, 2)
  assert.equal((await runIn(root, 'publish', 'bucket')).code, 2)
  assert.equal((await runIn(root, 'publish', 's3://bucket', '--out', '.', '--variant', 'zip')).code, 2)
  const empty = await runIn(makeTree(context), 'publish', 's3://bucket')
  assert.equal(empty.code, 1)
  assert.match(empty.stderr, /Build first/)
})

test('fingerpost media sweep removes leftovers of folders and buckets once they are old', async (context) => {
  const folder = makeTree(context)
  writeTree(folder, { 'media/a.txt': 'a', 'media/.fingerpost-0123456789abcdef.tmp': 'hal' })
  assert.match((await runIn(folder, 'media', 'sweep', 'media')).stderr, /removed 0 leftovers/)
  const swept = await runIn(folder, 'media', 'sweep', 'media', '--min-age', '0s', '--json')
  assert.deepEqual(JSON.parse(swept.stdout), { storage: `folder ${join(folder, 'media')}`, removed: 1 })
  assert.deepEqual([...readTree(join(folder, 'media')).keys()], ['a.txt'])
  assert.equal((await runIn(folder, 'media', 'clean', 'media')).code, 2)
  const endpoint = await enter(context)
  if (endpoint === undefined) return
  const bucket = await runIn(folder, 'media', 'sweep', `s3://${BUCKET}/sweep`, '--endpoint', endpoint)
  assert.match(bucket.stderr, /removed 0 leftovers from s3:\/\/fingerpost\/sweep\//)
})
