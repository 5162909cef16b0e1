import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { createDirectUploads, type DirectParts, type DirectUpload } from '../../../src/media/links/direct.ts'
import { createMediaStorage } from '../../../src/media/media-storage.ts'
import type { Quota } from '../../../src/media/options.ts'
import type { ObjectStore } from '../../../src/storage/storage.ts'
import { PNG } from '../../support/image.ts'
import { startMediaApp } from '../../support/media-app.ts'
import { createS3Lab } from '../../support/s3.ts'
import { startSigningStorage } from '../../support/signing-storage.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

function directOn(store: ObjectStore, parts: Partial<DirectParts> = {}) {
  const files = createMediaStorage(store)
  return createDirectUploads({ store, files, keys: KEYS, quota: undefined, now: Date.now, ...parts })
}

async function upload({ method, url, fields, headers }: DirectUpload, bytes: Uint8Array): Promise<number> {
  const body = new Blob([Uint8Array.from(bytes)])
  if (method === 'PUT') return (await fetch(url, { method, body: await body.arrayBuffer(), headers })).status
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', body, 'x')
  return (await fetch(url, { method, body: form })).status
}

const STORES: readonly (readonly [string, (context: TestContext) => Promise<ObjectStore | undefined>])[] = [
  ['a bucket', (context) => lab.storage(context)],
  ['a storage of your own', startSigningStorage],
]

for (const [where, open] of STORES) {
  test(`${where}: a browser uploads straight to the bucket, by form or PUT, and the app checks what came`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    for (const method of ['POST', 'PUT'] as const) {
      const grant = await direct.create({
        name: 'avatars/cat.png',
        maxBytes: 1000,
        method,
        bytes: PNG.length,
      })
      await assert.rejects(direct.complete(grant.ticket), { code: 'FP_NOT_FOUND' })
      assert.ok((await upload(grant, PNG)) < 300)
      const name = await direct.complete(grant.ticket)
      assert.match(name, /^avatars\/cat_[\w-]{12}\.png$/)
      assert.deepEqual(await storage.read(name), PNG)
    }
  })

  test(`${where}: the bucket refuses what is larger than granted`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    assert.ok((await upload(await direct.create({ name: 'a.bin', maxBytes: 10 }), Buffer.alloc(11))) >= 400)
    const put = await direct.create({ name: 'a.bin', maxBytes: 10, method: 'PUT', bytes: 4 })
    assert.ok((await upload(put, Buffer.alloc(11))) >= 400)
    await assert.rejects(direct.create({ name: 'a', maxBytes: 10, method: 'PUT', bytes: 11 }), {
      code: 'FP_LIMIT',
    })
  })

  test(`${where}: what arrives as something else than its name says is removed at the end`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    const grant = await direct.create({ name: 'cat.png', maxBytes: 1000 })
    assert.ok((await upload(grant, Buffer.from('<script>'))) < 300)
    await assert.rejects(direct.complete(grant.ticket), { code: 'FP_UPLOAD' })
    for await (const { key } of storage.list()) assert.fail(`${key} is still there`)
  })

  test(`${where}: a page in the bucket has no type that a browser would run`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    const grant = await direct.create({ name: 'page.html', maxBytes: 1000 })
    await upload(grant, Buffer.from('<script>'))
    const answer = await fetch(await storage.signedUrl(await direct.complete(grant.ticket)))
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  })

  test(`${where}: a ticket that is altered, foreign or expired completes nothing`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    let now = 0
    const direct = directOn(storage, { now: () => now })
    const { ticket } = await direct.create({ name: 'a.txt', maxBytes: 10, expiresInSeconds: 60 })
    const other = Buffer.from(JSON.stringify(['victim.txt', 10, 60])).toString('base64url')
    const altered = `${other}.${ticket.split('.')[1]}`
    for (const bad of [
      altered,
      ticket.slice(0, -1),
      '',
      '.',
      'a.b',
      `a.${'ü'.repeat(43)}`,
      undefined,
      null,
      7,
      {},
    ])
      await assert.rejects(direct.complete(bad as string), { code: 'FP_LINK', statusCode: 403 })
    const foreign = directOn(storage, { keys: [{ id: 'k1', secret: 'b'.repeat(32) }], now: () => now })
    await assert.rejects(foreign.complete(ticket), { code: 'FP_LINK' })
    now = 61_000
    await assert.rejects(direct.complete(ticket), { message: /expired/ })
  })

  test(`${where}: a direct upload can not be granted for an unsafe name`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    for (const name of ['../a.png', '/a.png', '.htaccess', 'a\\b', 'a\nb', ''])
      await assert.rejects(direct.create({ name, maxBytes: 10 }), { code: 'FP_PATH' }, name)
  })
}

test('direct uploads need an object store, and say so', async (context) => {
  const { app } = await startMediaApp(context, { keys: KEYS })
  await assert.rejects(app.media.direct.create({ name: 'a', maxBytes: 1 }), {
    code: 'FP_CONFIG',
    message: /memory/,
  })
})

test('what a direct upload may be is checked like every other option', async (context) => {
  const direct = directOn(await startSigningStorage(context))
  const good = { name: 'a.bin', maxBytes: 10 }
  for (const [options, message] of [
    [{ ...good, method: 'PUT' }, /bytes should be the file's size for a PUT/],
    [{ name: 'a.bin' }, /should be \{ name, maxBytes \}/],
    [{ ...good, maxBytes: 0 }, /maxBytes should be a whole number/],
    [{ ...good, maxBytes: '10' }, /maxBytes should be a whole number/],
    [{ ...good, method: 'put' }, /method should be one of POST, PUT/],
    [{ ...good, expiresInSeconds: 0 }, /expiresInSeconds should be a whole number/],
    [{ ...good, maxbytes: 1 }, /no option "maxbytes".*Did you mean maxBytes/s],
    [undefined, /should be an object/],
  ] as const) {
    const given = options as Parameters<typeof direct.create>[0]
    await assert.rejects(direct.create(given), { code: 'FP_CONFIG', message })
  }
})

for (const title of ['a bucket', 'a storage of signed URLs']) {
  const make = (context: TestContext) =>
    title === 'a bucket' ? lab.storage(context) : startSigningStorage(context)

  test(`in ${title}: a permission that still holds replaces nothing that was checked`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const direct = directOn(storage)
    const grant = await direct.create({ name: 'cat.png', maxBytes: 1000 })
    assert.ok((await upload(grant, PNG)) < 300)
    assert.deepEqual(
      (await createMediaStorage(storage).list()).files,
      [],
      'nothing is listed before it was checked',
    )
    const [name, again] = await Promise.all([direct.complete(grant.ticket), direct.complete(grant.ticket)])
    assert.equal(name, again)
    assert.ok((await upload(grant, Buffer.from('<script>'))) < 300)
    assert.equal(await direct.complete(grant.ticket), name)
    assert.deepEqual(await storage.read(name), PNG)
    assert.equal(await storage.sweep(), 0)
    const shown = await fetch(await storage.signedUrl(name))
    assert.equal(shown.headers.get('content-type'), 'image/png')
    assert.equal(shown.headers.get('content-disposition'), 'inline')
  })

  test(`in ${title}: a quota counts direct uploads`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const log: string[] = []
    let left = 100
    const quota: Quota<FastifyRequest> = {
      reserve: (_request, { maxBytes }) => ({
        maxBytes: Math.min(left, maxBytes),
        commit: (bytes) => {
          left -= bytes
          log.push(`commit ${bytes}`)
        },
        rollback: () => void log.push('rollback'),
      }),
    }
    const direct = directOn(storage, { quota })
    const request = {} as FastifyRequest
    await assert.rejects(direct.create({ name: 'a.bin', maxBytes: 10 }), {
      code: 'FP_CONFIG',
      message: /request/,
    })
    const grants = [
      await direct.create({ name: 'a.bin', maxBytes: 80, request }),
      await direct.create({ name: 'b.bin', maxBytes: 80, request }),
    ]
    for (const grant of grants) assert.ok((await upload(grant, Buffer.alloc(60))) < 300)
    const [first, second] = grants.map(({ ticket }) => ticket)
    assert.match(await direct.complete(first ?? '', request), /^a_/)
    await assert.rejects(direct.complete(second ?? '', request), { code: 'FP_LIMIT', statusCode: 413 })
    assert.deepEqual(log, ['rollback', 'rollback', 'commit 60', 'rollback'])
    assert.equal(await storage.sweep(), 0)
    const tight = await direct.create({ name: 'c.bin', maxBytes: 80, request })
    assert.ok((await upload(tight, Buffer.alloc(41))) >= 400, 'the signature permits what is left')
  })
}
