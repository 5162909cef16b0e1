import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaOptions } from '../../src/media/options.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { startMediaApp } from '../support/media-app.ts'
import { createS3Lab } from '../support/s3.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

async function withFiles() {
  const storage = createMemoryStorage()
  await storage.save('private/a.txt', Buffer.from('secret'))
  await storage.save('open.txt', Buffer.from('open'))
  return storage
}

test('a private file opens by its link alone, and is kept by nobody else', async (context) => {
  let now = 1_000_000
  const options = { storage: await withFiles(), private: ['private/'], keys: KEYS, now: () => now }
  const { app, origin } = await startMediaApp(context, options)
  const link = origin + (await app.media.signedUrl('private/a.txt', { expiresInSeconds: 60 }))
  const answer = await fetch(link)
  assert.equal(await answer.text(), 'secret')
  assert.equal(answer.headers.get('cache-control'), 'private, no-cache')
  assert.equal((await fetch(link, { method: 'HEAD' })).status, 200)

  const refused = async (url: string) => {
    const { status, headers } = await fetch(url)
    assert.equal(status, 403, url)
    assert.equal(headers.get('cache-control'), 'no-store')
  }
  await refused(`${origin}/media/private/a.txt`)
  await refused(`${origin}/media/private/none.txt`)
  await refused(link.replace('a.txt', 'b.txt'))
  await refused(link.replace(/signature=./, 'signature=_'))
  await refused(`${link}&expires=99999999999`)
  now += 60_000
  await refused(link)
  assert.equal((await fetch(`${origin}/media/open.txt`)).status, 200)
})

test('a link can make a picture a download', async (context) => {
  const options = { storage: await withFiles(), keys: KEYS, private: true }
  const { app, origin } = await startMediaApp(context, options)
  const link = await app.media.signedUrl('open.txt', { disposition: 'attachment' })
  assert.match((await fetch(origin + link)).headers.get('content-disposition') ?? '', /^attachment/)
  assert.equal(
    (await fetch(`${origin}${link.replace('disposition=attachment', 'disposition=inline')}`)).status,
    403,
  )
})

test('a hook decides for each request, knowing what became of the link', async (context) => {
  const seen: string[] = []
  const authorize: MediaOptions['authorize'] = (request, { name, link }) => {
    seen.push(`${name} ${link}`)
    return request.headers['x-user'] === 'ada' || link === 'valid'
  }
  const options = {
    storage: await withFiles(),
    private: (name: string) => name !== 'open.txt',
    keys: KEYS,
    authorize,
  }
  const { app, origin } = await startMediaApp(context, options)
  const get = async (path: string, user: string) =>
    (await fetch(origin + path, { headers: { 'x-user': user } })).status
  assert.equal(await get('/media/private/a.txt', 'ada'), 200)
  assert.equal(await get('/media/private/a.txt', 'eve'), 403)
  assert.equal(await get(await app.media.signedUrl('private/a.txt'), 'eve'), 200)
  assert.equal(await get('/media/open.txt', 'eve'), 200)
  assert.deepEqual(seen, ['private/a.txt unsigned', 'private/a.txt unsigned', 'private/a.txt valid'])
})

test('private files without anything that opens them are refused at the start', async (context) => {
  await assert.rejects(startMediaApp(context, { private: true }), {
    code: 'FP_CONFIG',
    message: /keys or authorize/,
  })
})

test('nginx is told which file to send, and only after the decision', async (context) => {
  const options: Partial<MediaOptions> = {
    storage: await withFiles(),
    private: true,
    keys: KEYS,
    send: { accel: '/internal-media/' },
  }
  const { app, origin } = await startMediaApp(context, options)
  assert.equal((await fetch(`${origin}/media/private/a.txt`)).headers.get('x-accel-redirect'), null)
  const answer = await fetch(origin + (await app.media.signedUrl('private/a.txt')))
  assert.equal(answer.headers.get('x-accel-redirect'), '/internal-media/private/a.txt')
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename=a.txt')
  assert.equal(await answer.text(), '')
})

test('a bucket sends by itself where the app redirects to it', async (context) => {
  const storage = await lab.storage(context)
  if (storage === undefined) return
  await storage.save('private/a.html', Buffer.from('<script>'))
  const { app, origin } = await startMediaApp(context, {
    storage,
    private: true,
    keys: KEYS,
    send: 'redirect',
  })
  assert.equal((await fetch(`${origin}/media/private/a.html`, { redirect: 'manual' })).status, 403)
  const link = origin + (await app.media.signedUrl('private/a.html'))
  const redirect = await fetch(link, { redirect: 'manual' })
  assert.equal(redirect.status, 302)
  assert.equal(redirect.headers.get('cache-control'), 'private, no-store')
  const answer = await fetch(link)
  assert.equal(await answer.text(), '<script>')
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename=a.html')
})

test('a redirect without an object store is refused at the start', async (context) => {
  await assert.rejects(startMediaApp(context, { send: 'redirect' }), { code: 'FP_CONFIG', message: /memory/ })
  await assert.rejects(startMediaApp(context, { send: { accel: 'internal' } }), { code: 'FP_CONFIG' })
})
