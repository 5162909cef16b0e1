import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fastify from 'fastify'
import { encodePath } from '../../src/core/path.ts'
import type { MediaOptions } from '../../src/media/options.ts'
import { media } from '../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { listen } from '../support/exchange.ts'
import { mountIgnoringCase } from '../support/exfat.ts'
import { startMediaApp } from '../support/media-app.ts'
import { createS3Lab } from '../support/s3.ts'
import { listStorages } from '../support/storages.ts'

const lab = createS3Lab()
const STORAGES = listStorages()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

async function withFiles(storage: Storage = createMemoryStorage()) {
  await storage.save('private/a.txt', Buffer.from('secret'))
  await storage.save('open.txt', Buffer.from('open'))
  return storage
}

/** A test for each kind of storage. */
function onEveryStorage(title: string, body: (context: TestContext, storage: Storage) => Promise<void>) {
  for (const [where, make] of STORAGES) {
    test(`in ${where}: ${title}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(context, storage)
    })
  }
}

onEveryStorage(
  'a private file opens by its link alone, and is kept by nobody else',
  async (context, storage) => {
    let now = 1_000_000
    const options = { storage: await withFiles(storage), private: ['private/'], keys: KEYS, now: () => now }
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
  },
)

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

for (const [prefix, says] of [
  ['/private/', /begins with \/ Write "private\/"/],
  ['./private/', /begins with \.\/ Write "private\/"/],
  ['/media/private/', /begins with the media url. Write "private\/"/],
  ['/media/', /For all files: private: true/],
  ['private/*', /is a pattern/],
  ['a/../private/', /No file has a name/],
  ['private//', /No file has a name/],
  ['.private/', /No file has a name/],
  ['private\\', /No file has a name/],
  ['%2e%2e/private/', /No file has a name/],
] as const) {
  test(`a prefix that matches nothing is refused at the start: ${prefix}`, async (context) => {
    await assert.rejects(startMediaApp(context, { private: ['fine/', prefix], keys: KEYS }), {
      code: 'FP_CONFIG',
      message: says,
    })
  })
}

onEveryStorage('no other spelling of a private name is public', async (context, storage) => {
  const { origin } = await startMediaApp(context, {
    storage,
    private: ['Privat\u00e9/', 'my%20files/'],
    keys: KEYS,
  })
  const names = [
    'Privat\u00e9/a.txt',
    'privat\u00e9/a.txt',
    'PRIVATE\u0301/a.txt',
    'my files/a.txt',
    'MY%20FILES/a.txt',
  ]
  for (const name of names) {
    await storage.save(name, Buffer.from('secret'))
    const { status } = await fetch(`${origin}/media/${encodePath(name)}`)
    assert.equal(status, 403, name)
  }
  await storage.save('privat/a.txt', Buffer.from('open'))
  assert.equal((await fetch(`${origin}/media/privat/a.txt`)).status, 200)
})

test('every file has one URL; other spellings lead there, past every guard', async (context) => {
  const storage = createMemoryStorage()
  await storage.save('@team/a+b.txt', Buffer.from('x'))
  await storage.save('a:b/c.txt', Buffer.from('x'))
  const { origin } = await startMediaApp(context, { storage }, (app) => {
    app.get('/media/@team/*', async (_request, reply) => reply.code(401).send('guarded'))
    app.get('/media/a::b/*', async (_request, reply) => reply.code(401).send('guarded'))
  })
  const get = (path: string) => fetch(origin + path, { redirect: 'manual' })
  for (const path of ['/media/%40team/a%2Bb.txt', '/media/@team%2Fa%2Bb.txt', '/media/%40team/a+b.txt?x=1']) {
    const answer = await get(path)
    assert.ok([301, 401].includes(answer.status), `${path}: ${answer.status}`)
    if (answer.status === 301) {
      const location = answer.headers.get('location') ?? ''
      assert.equal(location.split('?')[0], '/media/@team/a+b.txt')
      assert.equal(location.includes('?x=1'), path.includes('?x=1'))
    }
  }
  assert.equal((await get('/media/@team/a+b.txt')).status, 401)
  assert.equal((await get('/media/a%3Ab/c.txt?d=/e')).headers.get('location'), '/media/a:b/c.txt?d=/e')
  assert.equal((await get('/media/a:b/c.txt')).status, 401)
})

test('a redirect to the spelling of a name never leads to another host', async (context) => {
  const storage = createMemoryStorage()
  await storage.save('example.org/a.txt', Buffer.from('x'))
  const app = fastify({ routerOptions: { ignoreDuplicateSlashes: true } })
  await app.register(media, { storage, production: false })
  const { get } = await listen(context, app)
  for (const target of ['/media/', '//media//', 'http://x/media/', 'http://x//media//']) {
    const { status, headers } = await get(`${target}example%2Eorg/a.txt`)
    assert.deepEqual([status, headers.location], [301, '/media/example.org/a.txt'], target)
  }
})

test('on a disk that ignores case, no other spelling opens a private file or passes a guard', async (context) => {
  const root = mountIgnoringCase(context)
  if (root === undefined) return
  const storage = createFilesystemStorage({ root })
  for (const name of ['Invoices/\u00c4.txt', 'Secret/a.txt', 'open/Inner/b.txt'])
    await storage.save(name, Buffer.from('secret'))
  const isPrivate = (name: string) => name.startsWith('Invoices/')
  const ways = { prefixes: ['Invoices/'], function: isPrivate }
  for (const [way, option] of Object.entries(ways)) {
    const { origin } = await startMediaApp(context, { storage, private: option, keys: KEYS }, (app) => {
      app.get('/media/Secret/*', async (_request, reply) => reply.code(401).send('guarded'))
    })
    const get = async (name: string) => (await fetch(`${origin}/media/${encodePath(name)}`)).status
    for (const [name, statuses] of [
      ['Invoices/\u00c4.txt', [403]],
      ['invoices/\u00c4.txt', [403, 404]],
      ['INVOICES/\u00e4.TXT', [403, 404]],
      ['Invoices/\u00e4.txt', [403]],
      ['Secret/a.txt', [401]],
      ['secret/a.txt', [404]],
      ['SECRET/A.TXT', [404]],
      ['open/Inner/b.txt', [200]],
      ['open/inner/b.txt', [404]],
    ] as const)
      assert.ok(
        (statuses as readonly number[]).includes(await get(name)),
        `${way}: ${name} ${await get(name)}`,
      )
  }
})

test('on a disk that ignores case, what is saved below a folder has the name of that folder', async (context) => {
  const root = mountIgnoringCase(context)
  if (root === undefined) return
  const storage = createFilesystemStorage({ root })
  await storage.save('Photos/a.txt', Buffer.from('a'))
  assert.equal((await storage.save('photos/b.txt', Buffer.from('b'))).key, 'Photos/b.txt')
  assert.equal((await storage.move('Photos/a.txt', 'PHOTOS/c.txt')).key, 'Photos/c.txt')
  const { origin } = await startMediaApp(context, { storage })
  assert.equal((await fetch(`${origin}/media/Photos/b.txt`)).status, 200)
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
