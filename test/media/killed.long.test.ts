import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { startMediaApp } from '../support/media-app.ts'
import { BUCKET, clientFor, createS3Lab, optionsFor } from '../support/s3.ts'
import { makeTree, readTree } from '../support/tree.ts'

const lab = createS3Lab()
const NAME = 'films/film.bin'

/** Uploads until a number of pieces of 6 MiB have gone in, then ends the process as a crash does. */
async function killWhileUploading(options: object, pieces: number, look: () => Promise<void>): Promise<void> {
  const script = join(import.meta.dirname, 'fixture/upload.mjs')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface(child.stdout)) if (Number(line) >= pieces) break
    await look()
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

/** Nobody sees anything of the upload, whichever way they look. */
async function seesNothing(context: TestContext, storage: Storage): Promise<void> {
  assert.equal(await storage.stat(NAME), undefined)
  assert.deepEqual((await createMediaStorage(storage).list()).files, [])
  const { origin } = await startMediaApp(context, { storage })
  assert.equal((await fetch(`${origin}/media/${NAME}`)).status, 404)
}

async function sweep(words: readonly string[], env = {}): Promise<number> {
  const all = [join(REPOSITORY, 'dist/cli.js'), 'media', 'sweep', ...words, '--json']
  const { stdout, stderr, code } = await runNode(all, { cwd: REPOSITORY, env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout).removed
}

for (const pieces of [1, 2, 5]) {
  test(`an upload into a folder, killed after ${pieces} pieces, leaves nothing under its name`, async (context) => {
    const root = makeTree(context)
    const storage = createFilesystemStorage({ root })
    const look = () => seesNothing(context, storage)
    await killWhileUploading({ root }, pieces, look)
    await look()
    const [leftover = '', ...others] = readTree(root).keys()
    assert.match(leftover, /^films\/\.fingerpost-[0-9a-f]{16}\.tmp$/)
    assert.deepEqual(others, [])
    assert.equal(await sweep([root]), 0, 'it may still be under way')
    assert.equal(await sweep([root, '--min-age', '0s']), 1)
    assert.deepEqual([...readTree(root)], [])
    assert.equal(await createMediaStorage(storage).save(NAME, Buffer.from('whole')), NAME)
  })
}

test('an upload into a bucket, killed between its parts, leaves nothing that is seen or paid for', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const { prefix } = storage
  const client = clientFor(server)
  const begun = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }))).Uploads
      ?.length ?? 0
  const objects = async () =>
    (await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }))).Contents?.length ?? 0
  const look = () => seesNothing(context, storage)
  await killWhileUploading({ ...optionsFor(server), prefix, partBytes: 5 * 1024 * 1024 }, 4, look)
  await look()
  assert.deepEqual(
    [await begun(), await objects()],
    [1, 1],
    'an unfinished upload, and its claim on the name',
  )
  const { accessKeyId, secretAccessKey } = server.credentials
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const where = [`s3://${BUCKET}/${prefix}`, '--endpoint', server.endpoint]
  assert.equal(await sweep(where, env), 0, 'it may still be under way')
  assert.equal(await sweep([...where, '--min-age', '0s'], env), 2)
  assert.deepEqual([await begun(), await objects()], [0, 0])
  assert.equal(await createMediaStorage(storage).save(NAME, Buffer.from('whole')), NAME)
})

/** When the process is killed while a form replaces a file, and which file is there afterwards. */
const STEPS = {
  'before saving': /^old$/,
  'while saving': /^old$/,
  'after saving': /^old$/,
  'in the handler': /^old$/,
  'before moving': /^old$/,
  'while moving': /^old$|^n+$/,
  'after moving': /^n+$/,
  'after the answer': /^n+$/,
}

/** Replaces a file by a form in a process of its own, once for each step. */
async function killWhileReplacing(storage: Storage, options: object, bytes: number): Promise<void> {
  const script = join(import.meta.dirname, 'fixture/replace.mjs')
  for (const [step, expected] of Object.entries(STEPS)) {
    await storage.save(NAME, Buffer.from('old'), { overwrite: true })
    const words = [script, JSON.stringify(options), step, String(bytes)]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] })
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGKILL', step)
    const text = (await storage.read(NAME)).toString()
    assert.match(text.slice(0, 10), expected, step)
    assert.ok(text === 'old' || text.length === bytes, `${step}: ${text.length} bytes`)
    const names = (await createMediaStorage(storage).list()).files.map(({ key }) => key)
    assert.deepEqual(names, [NAME], step)
  }
  await storage.sweep()
}

test('a form that replaces a file in a folder, killed at any step, leaves the old file or the new one', async (context) => {
  const root = makeTree(context)
  const storage = createFilesystemStorage({ root })
  await killWhileReplacing(storage, { root }, 300_000)
  assert.deepEqual([...readTree(root).keys()], [NAME])
})

for (const [how, bytes] of [
  ['in one request', 300_000],
  ['in parts', 12_000_000],
] as const) {
  test(`a form that replaces a file in a bucket ${how}, killed at any step, leaves the old file or the new one`, async (context) => {
    const [server, storage] = [await lab.server(context), await lab.storage(context)]
    if (server === undefined || storage === undefined) return
    await killWhileReplacing(storage, { ...optionsFor(server), prefix: storage.prefix }, bytes)
  })
}
