import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDirectUploads, type DirectUpload } from '../../../src/media/links/direct.ts'
import type { ObjectStore } from '../../../src/storage/storage.ts'
import { PNG } from '../../support/image.ts'
import { startMediaApp } from '../../support/media-app.ts'
import { createS3Lab } from '../../support/s3.ts'
import { startSigningStorage } from '../../support/signing-storage.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

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
    const direct = createDirectUploads(storage, KEYS, Date.now)
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
    const direct = createDirectUploads(storage, KEYS, Date.now)
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
    const direct = createDirectUploads(storage, KEYS, Date.now)
    const grant = await direct.create({ name: 'cat.png', maxBytes: 1000 })
    assert.ok((await upload(grant, Buffer.from('<script>'))) < 300)
    await assert.rejects(direct.complete(grant.ticket), { code: 'FP_UPLOAD' })
    for await (const { key } of storage.list()) assert.fail(`${key} is still there`)
  })

  test(`${where}: a page in the bucket has no type that a browser would run`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = createDirectUploads(storage, KEYS, Date.now)
    const grant = await direct.create({ name: 'page.html', maxBytes: 1000 })
    await upload(grant, Buffer.from('<script>'))
    const answer = await fetch(await storage.signedUrl(await direct.complete(grant.ticket)))
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  })

  test(`${where}: a ticket that is altered, foreign or expired completes nothing`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    let now = 0
    const direct = createDirectUploads(storage, KEYS, () => now)
    const { ticket } = await direct.create({ name: 'a.txt', maxBytes: 10, expiresInSeconds: 60 })
    const other = Buffer.from(JSON.stringify(['victim.txt', 10, 60])).toString('base64url')
    const altered = `${other}.${ticket.split('.')[1]}`
    for (const bad of [altered, ticket.slice(0, -1), '', '.', 'a.b'])
      await assert.rejects(direct.complete(bad), { code: 'FP_LINK', statusCode: 403 })
    const foreign = createDirectUploads(storage, [{ id: 'k1', secret: 'b'.repeat(32) }], () => now)
    await assert.rejects(foreign.complete(ticket), { code: 'FP_LINK' })
    now = 61_000
    await assert.rejects(direct.complete(ticket), { message: /expired/ })
  })

  test(`${where}: a direct upload can not be granted for an unsafe name`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const direct = createDirectUploads(storage, KEYS, Date.now)
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
