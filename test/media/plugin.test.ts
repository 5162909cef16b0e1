import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import multipart from '@fastify/multipart'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { media } from '../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { exchange } from '../support/exchange.ts'
import { GIF, PNG, SVG } from '../support/image.ts'
import { formOf, startMediaApp } from '../support/media-app.ts'
import { listStorages } from '../support/storages.ts'
import { Link, makeTree } from '../support/tree.ts'

for (const [title, make] of listStorages()) {
  test(`a picture is shown from ${title}, with ranges and conditions`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    await storage.save('a b/cat.png', PNG)
    const { app, origin } = await startMediaApp(context, { storage })
    const url = origin + app.mediaUrl('a b/cat.png')
    const whole = await fetch(url)
    assert.equal(whole.status, 200)
    assert.deepEqual(Buffer.from(await whole.arrayBuffer()), PNG)
    assert.equal(whole.headers.get('content-type'), 'image/png')
    assert.equal(whole.headers.get('content-disposition'), 'inline')
    assert.equal(whole.headers.get('content-length'), String(PNG.length))
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(whole.headers.get('content-security-policy'), "default-src 'none'; sandbox")
    assert.equal(whole.headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.equal(whole.headers.get('cache-control'), 'no-cache')

    const part = await fetch(url, { headers: { range: 'bytes=-4' } })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), `bytes ${PNG.length - 4}-${PNG.length - 1}/${PNG.length}`)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), PNG.subarray(-4))
    assert.equal((await fetch(url, { headers: { range: 'bytes=9999-' } })).status, 416)

    const etag = whole.headers.get('etag') ?? ''
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304)
    const since = whole.headers.get('last-modified') ?? ''
    assert.equal((await fetch(url, { headers: { 'if-modified-since': since } })).status, 304)
    const changed = await fetch(url, { headers: { range: 'bytes=0-0', 'if-range': '"another"' } })
    assert.equal(changed.status, 200)

    const head = await fetch(url, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), String(PNG.length))
  })

  test(`from ${title}: an upload is no dictionary and never sent as a delta`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    // What a build would offer: a name with a hash, text, above the least size.
    const name = 'notes.0123456789abcdef.txt'
    await storage.save(name, Buffer.alloc(5000, 'text '))
    const { app, origin } = await startMediaApp(context, { storage })
    const dictionary = { 'accept-encoding': 'br, dcb, dcz', 'available-dictionary': `:${'A'.repeat(43)}=:` }
    for (const headers of [{}, dictionary]) {
      const answer = await fetch(origin + app.mediaUrl(name), { headers })
      assert.equal((await answer.arrayBuffer()).byteLength, 5000)
      for (const header of ['use-as-dictionary', 'content-encoding', 'vary'])
        assert.doesNotMatch(answer.headers.get(header) ?? '', /dictionary|dc[bz]|match/i, header)
    }
  })

  test(`from ${title}: names that another program gave are found, however their URL is spelled`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const { app, origin } = await startMediaApp(context, { storage })
    for (const name of [
      'cafe\u0301.txt',
      'Report: v1.txt',
      'what?.txt',
      'notes..txt',
      'con.txt',
      'a\u00adb.txt',
    ]) {
      await storage.save(name, Buffer.from(name))
      for (const url of [app.mediaUrl(name), `/media/${encodeURIComponent(name)}`]) {
        const answer = await fetch(origin + url, { redirect: 'manual' })
        assert.deepEqual([answer.status, await answer.text()], [200, name], url)
      }
    }
  })

  test(`from ${title}: contents of one size, saved in one second, are never taken for each other`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const { origin } = await startMediaApp(context, { storage })
    let known = ''
    for (const text of ['one', 'two', 'six', 'ten']) {
      await storage.save('a.txt', Buffer.from(text), { overwrite: true })
      const answer = await fetch(`${origin}/media/a.txt`, { headers: { 'if-none-match': known } })
      assert.deepEqual([answer.status, await answer.text()], [200, text])
      known = answer.headers.get('etag') ?? assert.fail('no ETag')
      const again = await fetch(`${origin}/media/a.txt`, { headers: { 'if-none-match': known } })
      assert.equal(again.status, 304)
    }
  })
}

const DOWNLOADS: readonly (readonly [why: string, name: string, bytes: Uint8Array])[] = [
  ['a page', 'page.html', Buffer.from('<script>alert(1)</script>')],
  ['an SVG', 'logo.svg', SVG],
  ['a script', 'app.js', Buffer.from('alert(1)')],
  ['a stylesheet', 'site.css', Buffer.from('a{}')],
  ['a PDF', 'paper.pdf', Buffer.from('%PDF-1.7')],
  ['XML', 'feed.xml', Buffer.from('<x/>')],
  ['a page that is called a picture', 'cat.png', Buffer.from('<html>')],
  ['a GIF that is called a PNG', 'gif.png', GIF],
  ['an empty picture', 'empty.png', Buffer.alloc(0)],
  ['a file without extension', 'README', Buffer.from('hello')],
]

for (const [why, name, bytes] of DOWNLOADS) {
  test(`${why} is offered for download and is of no type`, async (context) => {
    // Straight into the storage: it may have been put there by anything.
    const storage = createMemoryStorage()
    await storage.save(name, bytes)
    const { origin } = await startMediaApp(context, { storage })
    const answer = await fetch(`${origin}/media/${name}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename=${name}`)
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  })
}

test('the route logs at the level of its registration', async (context) => {
  const levels: unknown[] = []
  const app = Fastify()
  context.after(() => app.close())
  app.addHook('onRoute', ({ logLevel }) => void levels.push(logLevel))
  await app.register(media, { storage: createMemoryStorage(), logLevel: 'silent' })
  assert.deepEqual(levels, ['silent'])
})

test('a picture that is a script as well stays a picture: its type is fixed and its scripts are shut off', async (context) => {
  const storage = createMemoryStorage()
  await storage.save('both.gif', Buffer.from("GIF89a/*...*/=1;alert('xss')"))
  const { origin } = await startMediaApp(context, { storage })
  const answer = await fetch(`${origin}/media/both.gif`)
  assert.equal(answer.headers.get('content-type'), 'image/gif')
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/)
})

test('an SVG is shown only if the app asks for it, without its scripts', async (context) => {
  const storage = createMemoryStorage()
  await storage.save('logo.svg', SVG)
  const { origin } = await startMediaApp(context, { storage, inlineSvg: true })
  const answer = await fetch(`${origin}/media/logo.svg`)
  assert.equal(answer.headers.get('content-type'), 'image/svg+xml')
  assert.equal(answer.headers.get('content-disposition'), 'inline')
  assert.equal(answer.headers.get('content-security-policy'), "default-src 'none'; sandbox")
})

test('a name beyond ASCII arrives in the download whole, and can not start a header', async (context) => {
  const storage = createMemoryStorage()
  await storage.save('Grüße "1".txt'.replaceAll('"', "'"), Buffer.from('x'))
  const { app, origin } = await startMediaApp(context, { storage })
  const answer = await fetch(origin + app.mediaUrl("Grüße '1'.txt"))
  assert.equal(
    answer.headers.get('content-disposition'),
    `attachment; filename="Gr??e '1'.txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%271%27.txt`,
  )
})

const PROBES = [
  '/media/../package.json',
  '/media/..%2fpackage.json',
  '/media/%2e%2e/package.json',
  '/media/..%5cpackage.json',
  '/media/%2fetc/passwd',
  '/media//etc/passwd',
  '/media/a/..%2f..%2fpackage.json',
  '/media/.env',
  '/media/%00',
  '/media/secret.txt',
  '/media/folder/secret.txt',
  '/media/folder',
  '/media/',
  `/media/${'x'.repeat(300)}`,
]

for (const path of PROBES) {
  test(`there is nothing at ${path.slice(0, 40)}`, async (context) => {
    const outside = makeTree(context, { 'secret.txt': 'secret' })
    const links = { 'secret.txt': new Link(join(outside, 'secret.txt')), folder: new Link(outside) }
    const storage = createFilesystemStorage({ root: makeTree(context, { ...links, '.env': 'KEY=1' }) })
    const { port } = await startMediaApp(context, { storage })
    const { status, body } = await exchange(port, path)
    assert.ok(status === 404 || status === 400, String(status))
    assert.doesNotMatch(body.toString(), /secret|KEY=|"name"/)
  })
}

test('a miss is remembered by nobody', async (context) => {
  const { origin } = await startMediaApp(context)
  const answer = await fetch(`${origin}/media/none.png`)
  assert.equal(answer.status, 404)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
})

const MEDIA = { production: false } as const

test('media beside another plugin at their path are refused with what to do, whichever comes first', async (context) => {
  const options = { ...MEDIA, storage: createMemoryStorage() }
  const files = { root: makeTree(context), prefix: '/media/' }
  const told = {
    code: 'FP_CONFIG',
    message: /Another plugin already serves \/media\/\*\.\s+Give one of them another path/,
  }
  const first = Fastify()
  const second = Fastify()
  for (const app of [first, second]) context.after(() => app.close())
  await first.register(fastifyStatic, files)
  await assert.rejects(async () => first.register(media, options), told)
  await second.register(media, options)
  await assert.rejects(async () => second.register(fastifyStatic, files), told)
})

test('media registered twice say so', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(media, { ...MEDIA, storage: createMemoryStorage() })
  await assert.rejects(
    async () => app.register(media, { ...MEDIA, url: '/other/', storage: createMemoryStorage() }),
    { code: 'FP_CONFIG', message: /Media are already registered/ },
  )
})

test('addresses carry the prefix of the scope, or the host of a CDN', async (context) => {
  const { app } = await startMediaApp(context, { url: 'https://cdn.example/media/' })
  assert.equal(app.mediaUrl('a b.png'), 'https://cdn.example/media/a%20b.png')
})

test('parts are taken as @fastify/multipart gives them, and its own limit is the one that is told', async (context) => {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(multipart, { limits: { fileSize: 100 } })
  await app.register(media, { storage: createMemoryStorage(), production: false })
  app.post('/', async (request) => {
    const part = (await request.file()) ?? assert.fail('no file')
    return app.media.save(part, { uploadTo: (_request, { filename }) => `papers/${filename}`, request })
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const post = (text: string) => fetch(origin, { method: 'POST', body: formOf({ paper: ['a.txt', text] }) })
  assert.equal(((await (await post('x')).json()) as { name: string }).name, 'papers/a.txt')
  const refused = await post('x'.repeat(101))
  assert.equal(refused.status, 413)
  assert.match(await refused.text(), /more than 100 bytes/)
  assert.equal((await app.media.files.list()).files.length, 1)
})

test('one file of a form is saved and replaced without the form helper', async (context) => {
  const { app } = await startMediaApp(context)
  const part = (name: string, text: string) => ({
    filename: name,
    fieldname: 'paper',
    mimetype: 'text/plain',
    file: (async function* () {
      yield Buffer.from(text)
    })(),
  })
  const first = await app.media.save(part('a.txt', 'one'), { uploadTo: 'papers' })
  assert.deepEqual(first, { name: 'papers/a.txt', field: 'paper', filename: 'a.txt', size: 3 })
  const second = await app.media.replace(first.name, part('b.txt', 'two'), { uploadTo: 'papers' })
  assert.equal(await app.media.files.exists('papers/a.txt'), false)
  assert.equal((await app.media.files.read(second.name)).toString(), 'two')
  const refused = app.media.replace(second.name, part('c.txt', 'x'.repeat(20)), {
    uploadTo: '',
    maxBytes: 10,
  })
  await assert.rejects(refused, { code: 'FP_LIMIT' })
  assert.ok(await app.media.files.exists(second.name), 'the old one stays where the new one is refused')
  await app.media.delete(second.name)
  assert.equal(await app.media.files.exists(second.name), false)
})
