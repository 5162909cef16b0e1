import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { CreateBucketCommand, HeadObjectCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { prune } from '../../src/builder/maintain/prune.ts'
import { DICTIONARIES_FILE, deltaPath, formatDictionaries } from '../../src/core/manifest/dictionaries.ts'
import { parseManifest } from '../../src/core/manifest/manifest.ts'
import { type PublishOptions, publishBuild } from '../../src/deploy/publish.ts'
import type { BucketVariant } from '../../src/deploy/publish-plan.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type Files, makeBuild, writeBuild } from '../support/fixture-build.ts'
import { BUCKET, clientFor, createS3Lab, optionsFor } from '../support/s3.ts'
import { startSigningStorage } from '../support/signing-storage.ts'
import { makeTree, readTree } from '../support/tree.ts'

const lab = createS3Lab()
const CSS = `a { color: ${'red '.repeat(200)}}`
const FILES: Files = { 'css/site.css': CSS, 'img/a.png': 'no picture, but png', 'js/app.js': 'let a' }
const NOW = () => new Date('2026-03-01')

async function makeSource(context: TestContext, files: Files = FILES) {
  const root = await makeBuild(context, files)
  const manifest = parseManifest(readTree(root).get('manifest.json')?.toString() ?? '', 'manifest')
  const fileOf = (name: string) => manifest.assets.get(name)?.file ?? assert.fail(name)
  return { root, source: createFilesystemStorage({ root }), fileOf }
}

async function keysIn(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  return keys
}

/** A storage that reaches the server through a proxy which counts, and may fail. */
async function through(context: TestContext, target: S3Storage, isCut = (_: string) => false) {
  const server = (await lab.server(context)) ?? assert.fail('the server runs')
  const proxy = await startFaultProxy(context, server.endpoint, ({ method, url }) =>
    isCut(`${method} ${url}`) ? { kind: 'status', status: 503 } : { kind: 'none' },
  )
  const options = { ...optionsFor(server), endpoint: proxy.endpoint, prefix: target.prefix, maxAttempts: 1 }
  return { storage: createS3Storage(options), requests: proxy.requests }
}

test('a build is published, hashed files first, the manifest last', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  const { source, fileOf } = await makeSource(context)
  const { storage, requests } = await through(context, target)
  const report = await publishBuild(source, storage, { now: NOW })
  assert.equal(report.uploaded.at(-1), 'manifest.json')
  assert.equal(report.uploaded.length, 4)
  const puts = requests.filter((line) => line.startsWith('PUT'))
  assert.match(puts[0] ?? '', /history\.json/, 'a prune must know the files whatever happens')
  assert.match(puts.at(-1) ?? '', /manifest\.json/)
  assert.equal((await target.read(fileOf('css/site.css'))).toString(), CSS)
})

test('headers are right for a browser that asks the bucket itself', async (context) => {
  const [server, target] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || target === undefined) return
  const { source, fileOf } = await makeSource(context)
  const head = (key: string) =>
    clientFor(server).send(new HeadObjectCommand({ Bucket: BUCKET, Key: target.prefix + key }))
  await publishBuild(source, target, { now: NOW, variant: 'br' })
  const css = await head(fileOf('css/site.css'))
  assert.equal(css.ContentType, 'text/css; charset=utf-8')
  assert.equal(css.CacheControl, 'public, max-age=31536000, immutable')
  assert.equal(css.ContentEncoding, 'br')
  assert.match(css.Metadata?.['integrity'] ?? '', /^sha384-/)
  const picture = await head(fileOf('img/a.png'))
  assert.equal(picture.ContentEncoding, undefined)
  const manifest = await head('manifest.json')
  assert.equal(manifest.CacheControl, 'no-cache')
  assert.equal(manifest.ContentType, 'application/json')
})

const VARIANTS: readonly (readonly [BucketVariant, (css: string) => readonly string[]])[] = [
  ['identity', (css) => [css]],
  ['br', (css) => [css]],
  ['gzip', (css) => [css]],
  ['both', (css) => [css, `${css}.br`, `${css}.gz`]],
]

for (const [variant, keysOf] of VARIANTS) {
  test(`variant ${variant} uploads what a bucket that can not choose shall have`, async (context) => {
    const target = await lab.storage(context)
    if (target === undefined) return
    const { source, fileOf } = await makeSource(context, { 'css/site.css': CSS })
    await publishBuild(source, target, { now: NOW, variant })
    const css = fileOf('css/site.css')
    assert.deepEqual(
      (await keysIn(target)).filter((key) => key.startsWith('css/')),
      keysOf(css),
    )
    const bytes = await target.read(css)
    assert.equal(variant === 'br' ? brotliDecompressSync(bytes).toString() : bytes.length > 0 && CSS, CSS)
  })
}

test('a publish that is interrupted leaves the old build in force and goes on where it was', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  const { root, source, fileOf } = await makeSource(context, { 'a.css': 'old' })
  await publishBuild(source, target, { now: NOW })
  const old = (await target.read('manifest.json')).toString()
  await writeBuild(root, { 'a.css': 'new', 'b.css': 'b', 'c.css': 'c' })
  const { storage } = await through(context, target, (line) => line.startsWith('PUT') && line.includes('/c.'))
  await assert.rejects(publishBuild(source, storage, { now: NOW, concurrency: 1 }), { code: 'FP_STORAGE' })
  assert.equal((await target.read('manifest.json')).toString(), old)
  assert.equal((await target.read(fileOf('a.css'))).toString(), 'old')
  const { uploaded } = await publishBuild(source, target, { now: NOW })
  assert.equal(uploaded.length, 2, 'only c.css and the manifest were missing')
  assert.notEqual((await target.read('manifest.json')).toString(), old)
})

test('a dry run says the same and writes nothing', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  const { source } = await makeSource(context)
  const dry = await publishBuild(source, target, { now: NOW, mode: 'dry-run' })
  assert.deepEqual(await keysIn(target), [])
  const { uploaded, bytes } = await publishBuild(source, target, { now: NOW })
  assert.deepEqual([dry.uploaded, dry.bytes], [uploaded, bytes])
})

test('a bucket is pruned of what no kept build needs, and of nothing else', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  const { root, source, fileOf } = await makeSource(context, { 'a.css': 'one', 'keep.css': 'same' })
  await publishBuild(source, target, { now: NOW, variant: 'both' })
  await target.save('a.0123456789abcdef.css', Buffer.from('not ours'))
  await writeBuild(root, { 'a.css': 'two', 'keep.css': 'same' })
  const later = () => new Date('2030-01-01')
  await publishBuild(source, target, { now: () => new Date('2026-04-01') })
  const before = await keysIn(target)
  assert.ok(before.includes(fileOf('a.css')))
  const { removed } = await prune({ sources: [] }, { keep: 1 }, { storage: target, now: later })
  assert.deepEqual(
    removed.map(({ file }) => file),
    [fileOf('a.css')],
  )
  assert.ok((await keysIn(target)).includes('a.0123456789abcdef.css'))
  assert.ok((await keysIn(target)).includes(fileOf('keep.css')))
})

test('any storage is enough to publish to, one that signs URLs serves the build', async (context) => {
  const signing = await startSigningStorage(context)
  for (const target of [
    signing,
    createMemoryStorage(),
    createFilesystemStorage({ root: makeTree(context) }),
  ]) {
    const { root, source, fileOf } = await makeSource(context)
    assert.equal((await publishBuild(source, target, { now: NOW })).uploaded.length, 4, target.name)
    assert.equal((await target.read(fileOf('css/site.css'))).toString(), CSS)
    assert.deepEqual((await publishBuild(source, target, { now: NOW })).uploaded, [])
    await writeBuild(root, { 'a.css': 'new' })
    await publishBuild(source, target, { now: () => new Date('2026-04-01') })
    const { removed } = await prune(
      { sources: [] },
      { keep: 1 },
      { storage: target, now: () => new Date('2030-01-01') },
    )
    assert.equal(removed.length, 3, target.name)
  }
  const { source, fileOf } = await makeSource(context)
  await publishBuild(source, signing, { now: NOW })
  const served = await fetch(await signing.signedUrl(fileOf('css/site.css')))
  assert.equal(await served.text(), CSS)
  assert.equal(served.headers.get('content-type'), 'text/css; charset=utf-8')
  assert.equal(served.headers.get('cache-control'), 'public, max-age=31536000, immutable')
})

test('a dry run says what a prune would remove, and removes nothing', async (context) => {
  const bucket = await lab.storage(context)
  const folder = createFilesystemStorage({ root: makeTree(context) })
  for (const target of [createMemoryStorage(), folder, ...(bucket === undefined ? [] : [bucket])]) {
    const { root, source, fileOf } = await makeSource(context, { 'a.css': 'one', 'keep.css': 'same' })
    await publishBuild(source, target, { now: NOW })
    await writeBuild(root, { 'a.css': 'two', 'keep.css': 'same' })
    const options: PublishOptions = {
      now: () => new Date('2030-01-01'),
      prune: { keep: 1, minAgeSeconds: 0 },
    }
    const before = await keysIn(target)
    const dry = await publishBuild(source, target, { ...options, mode: 'dry-run' })
    assert.deepEqual(dry.removed, [{ file: fileOf('a.css'), size: 3 }], target.name)
    assert.deepEqual(await keysIn(target), before)
    const { removed } = await publishBuild(source, target, options)
    assert.deepEqual(removed, dry.removed)
    assert.ok(!(await keysIn(target)).includes(fileOf('a.css')))
  }
})

test('a folder with + in its name is found in a bucket by the raw URL that modules and styles have', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const bucket = 'fingerpost-plus'
  const client = clientFor(server)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const Resource = [`arn:aws:s3:::${bucket}/*`]
  const statement = { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
  const target = createS3Storage({ ...optionsFor(server), bucket })
  const { root, source, fileOf } = await makeSource(context, { '+/state.js': 'let plus', 'a.css': CSS })
  const { uploaded } = await publishBuild(source, target, { now: NOW })
  const file = fileOf('+/state.js')
  assert.deepEqual(uploaded.slice(0, 2), [file.replace('+', ' '), file])
  for (const name of [file, file.replace('+', '%2B')]) {
    const answer = await fetch(`${server.endpoint}/${bucket}/${name}`)
    assert.equal(await answer.text(), 'let plus', name)
    assert.match(answer.headers.get('content-type') ?? '', /javascript/)
  }
  assert.deepEqual((await publishBuild(source, target, { now: NOW })).uploaded, [])
  await writeBuild(root, { 'a.css': CSS })
  const later = { now: () => new Date('2030-01-01'), prune: { keep: 1, minAgeSeconds: 0 } }
  const { removed } = await publishBuild(source, target, later)
  assert.deepEqual(
    removed.map((each) => each.file),
    [file.replace('+', ' '), file],
  )
})

test('a folder without a build is refused before anything is sent', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  const { root, source } = await makeSource(context)
  rmSync(join(root, 'manifest.json'))
  await assert.rejects(publishBuild(source, target, { now: NOW }), {
    code: 'FP_MANIFEST',
    message: /Build first/,
  })
  assert.deepEqual(await keysIn(target), [])
})

for (const [file, text] of [
  ['manifest.json', '{ "name": "Our app", "icons": [] }'],
  ['history.json', '[{ "opened": "yesterday" }]'],
] as const) {
  test(`somebody else's ${file} in the bucket is never replaced`, async (context) => {
    const target = await lab.storage(context)
    if (target === undefined) return
    await target.save(file, Buffer.from(text))
    const { source } = await makeSource(context)
    for (const mode of ['dry-run', 'publish'] as const)
      await assert.rejects(publishBuild(source, target, { now: NOW, mode }), {
        code: 'FP_COLLISION',
        message: /s3:\/\/.* has a \w+\.json that fingerpost didn't write\.\n.*another prefix/,
      })
    assert.deepEqual(await keysIn(target), [file])
    assert.equal((await target.read(file)).toString(), text)
  })
}

test('a manifest that was cut off is no obstacle: publishing is the remedy', async (context) => {
  const target = await lab.storage(context)
  if (target === undefined) return
  await target.save('manifest.json', Buffer.from('{ "version": 1, "ass'))
  const { source } = await makeSource(context)
  assert.equal((await publishBuild(source, target, { now: NOW })).uploaded.at(-1), 'manifest.json')
})

test('deltas stay where they are, and are counted', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}'.repeat(999) })
  const { assets } = parseManifest(readFileSync(join(root, 'manifest.json'), 'utf8'), 'test')
  const { file = '', etag: to = '' } = assets.get('a.css') ?? {}
  const delta = { file, to, from: '0123456789abcdef', dictionary: `${'A'.repeat(43)}=` }
  const deltas = [{ ...delta, encodings: { dcb: { size: 1, etag: 'e' } } }]
  writeFileSync(join(root, DICTIONARIES_FILE), formatDictionaries({ minBytes: 1, deltas }))
  writeFileSync(join(root, deltaPath(delta, 'dcb')), 'x')
  const report = await publishBuild(createFilesystemStorage({ root }), createMemoryStorage(), { now: NOW })
  assert.deepEqual([report.deltas, report.uploaded], [1, [file, 'manifest.json']])
})
