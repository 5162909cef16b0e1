import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fastify from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { parseManifest } from '../../../src/core/manifest/manifest.ts'
import { findNginx, formatNginxConfig, type NginxSettings } from '../../../src/deploy/nginx/config.ts'
import type { NginxMedia } from '../../../src/deploy/nginx/media.ts'
import fingerpost from '../../../src/index.ts'
import { media } from '../../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { freePort } from '../../support/ceph.ts'
import { type Answer, exchange } from '../../support/exchange.ts'
import { makeBuild } from '../../support/fixture-build.ts'
import { GIF, JPEG, PNG, SVG, WEBP } from '../../support/image.ts'
import { formOf } from '../../support/media-app.ts'
import { startNginx, testNginxConfig, writeNginxConfig } from '../../support/nginx.ts'
import { hasTool } from '../../support/require.ts'
import { createS3Lab } from '../../support/s3.ts'
import { Link, makeTree, readTree, writeTree } from '../../support/tree.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]
const CSS = `a { color: ${'red '.repeat(200)}}`
const LOOKALIKE = 'vendor/jquery.0123456789abcdef.js'
const BUILD = {
  'css/site.css': CSS,
  'js/app.js.map': '{"version":3}',
  'fonts/a.woff2': 'font',
  [LOOKALIKE]: 'prehashed',
  LICENSE: 'MIT',
}

interface Site {
  readonly get: (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>
  readonly origin: string
  readonly app: Awaited<ReturnType<typeof startApp>>['app']
  readonly fileOf: (name: string) => string
  readonly root: string
}

async function startApp(context: TestContext, root: string, storage: Storage, via: NginxMedia['via']) {
  const app = fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root })
  const isPrivate =
    via === 'accel' ? { private: ['private/'], keys: KEYS, send: { accel: '/internal-media/' } } : {}
  const variants = { small: { extension: '.gif', make: () => GIF }, none: () => undefined }
  await app.register(media, { storage, production: false, variants, ...isPrivate })
  app.get('/', async () => 'the app')
  app.post('/form', async (request) => request.saveUploads({ files: { file: { uploadTo: 'up' } } }))
  return { app, address: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

/** nginx with the configuration that is printed, in front of a real app. */
async function startSite(
  context: TestContext,
  storage: Storage,
  source: NginxMedia['source'],
  via: NginxMedia['via'],
): Promise<Site> {
  const root = await makeBuild(context, BUILD)
  const manifest = parseManifest(readTree(root).get('manifest.json')?.toString() ?? '', 'manifest')
  const { app, address } = await startApp(context, root, storage, via)
  const port = await freePort()
  const abilities = await findNginx()
  const settings: NginxSettings = {
    listen: `127.0.0.1:${port}`,
    serverName: '_',
    app: address,
    static: { root, manifest, brotli: abilities?.brotli === true },
    media: {
      url: '/media/',
      source,
      via,
      internal: '/internal-media/',
      maxRequestBytes: 50 * 1024 * 1024,
      resourcePolicy: 'same-origin',
    },
    whole: { modules: abilities?.modules ?? [] },
  }
  const path = writeNginxConfig(context, formatNginxConfig(settings))
  assert.match(await testNginxConfig(path), /test is successful/)
  await startNginx(context, path, port)
  return {
    get: (target, headers, method) => exchange(port, target, headers, method),
    origin: `http://127.0.0.1:${port}`,
    app,
    root,
    fileOf: (name) => `/static/${manifest.assets.get(name)?.file}`,
  }
}

test("nginx serves a build: types, siblings, caching, fonts; everything else is the app's", async (context) => {
  if (!hasTool(context, 'nginx')) return
  const folder = makeTree(context)
  const site = await startSite(
    context,
    createFilesystemStorage({ root: folder }),
    { kind: 'folder', root: folder },
    'direct',
  )
  const { get, fileOf } = site
  // From now on the app has nothing to send from: what still comes is nginx's.
  const css = await get(fileOf('css/site.css'))
  assert.equal(css.status, 200)
  assert.equal(css.body.toString(), CSS)
  assert.equal(css.headers['content-type'], 'text/css; charset=utf-8')
  assert.equal(css.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(css.headers['vary'], 'Accept-Encoding')
  assert.match(String(css.headers['server']), /nginx/)
  const encoded = async (accept: string) =>
    (await get(fileOf('css/site.css'), { 'accept-encoding': accept })).headers['content-encoding']
  assert.equal(await encoded('gzip'), 'gzip')
  assert.equal(await encoded('gzip, br'), 'br')

  assert.equal(
    (await get(fileOf('js/app.js.map'))).headers['cache-control'],
    'public, max-age=31536000, immutable',
  )
  assert.equal((await get(fileOf('LICENSE'))).headers['cache-control'], 'public, max-age=31536000, immutable')
  const font = await get(fileOf('fonts/a.woff2'))
  assert.equal(font.headers['access-control-allow-origin'], '*')
  assert.equal(font.headers['content-type'], 'font/woff2')

  const logical = await get('/static/css/site.css')
  assert.equal(logical.status, 200, 'the app answers for logical names')
  assert.equal(logical.headers['cache-control'], 'no-cache')
  assert.equal((await get(`/static/${LOOKALIKE}`)).headers['cache-control'], 'no-cache')
  const stale = await get('/static/css/site.0000000000000000.css')
  assert.equal(stale.status, 404)
  assert.equal(stale.headers['cache-control'], 'no-store')
  assert.equal((await get('/')).body.toString(), 'the app')
})

test('nginx hides what is no asset, and no path leads out', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const outside = makeTree(context, { 'secret.txt': 'hidden treasure' })
  const root = makeTree(context, { '.env': 'KEY', 'link.txt': new Link(join(outside, 'secret.txt')) })
  const site = await startSite(context, createFilesystemStorage({ root }), { kind: 'folder', root }, 'direct')
  writeTree(site.root, { 'history.json': 'treasure', '.env': 'KEY', 'css/.secret': 'treasure' })
  for (const path of [
    '/static/css/.secret',
    '/static/manifest.json',
    '/static/history.json',
    '/static/.env',
    '/static/../nginx.conf',
    '/static../manifest.json',
    '/static/%2e%2e/',
    '/media/.env',
    '/media/link.txt',
    '/media../secret.txt',
    '/media/',
    '/internal-media/a.txt',
  ]) {
    const { status, body } = await site.get(path)
    assert.ok([400, 403, 404].includes(status), `${path} ${status}`)
    assert.doesNotMatch(body.toString(), /treasure|KEY/)
  }
})

test('nginx shows the pictures that the app shows, whatever their extension', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const jpegs = ['jpg', 'JPG', 'jpeg', 'jfif', 'jpe', 'jif', 'jfi', 'pjpeg', 'pjp']
  const heads: Readonly<Record<string, Buffer>> = {
    ...Object.fromEntries(jpegs.map((extension) => [extension, JPEG])),
    ...{ png: PNG, apng: PNG, gif: GIF, webp: WEBP, bmp: Buffer.from('BM'), dib: Buffer.from('BM') },
    ...{ ico: Buffer.from('\0\0\x01\0'), cur: Buffer.from('\0\0\x02\0') },
    ...{ avif: Buffer.from('\0\0\0\x10ftypavif'), avifs: Buffer.from('\0\0\0\x10ftypavis') },
    ...{ svg: SVG, heic: PNG, mp4: PNG },
  }
  const tree = Object.entries(heads).map(([extension, head]) => [`a.${extension}`, head])
  const root = makeTree(context, Object.fromEntries(tree))
  const storage = createFilesystemStorage({ root })
  const { get, app } = await startSite(context, storage, { kind: 'folder', root }, 'direct')
  for (const extension of Object.keys(heads)) {
    const [nginx, own] = [await get(`/media/a.${extension}`), await app.inject(`/media/a.${extension}`)]
    assert.equal(nginx.headers['content-type'], own.headers['content-type'], extension)
    const disposition = String(own.headers['content-disposition']).split(';')[0]
    assert.equal(nginx.headers['content-disposition'], disposition, extension)
  }
})

test('nginx sends public media with safe types and dispositions', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = makeTree(context, {
    'cat.png': PNG,
    'page.html': '<script>',
    'logo.svg': SVG,
    'Größe.txt': 'x',
  })
  const { get, app } = await startSite(
    context,
    createFilesystemStorage({ root }),
    { kind: 'folder', root },
    'direct',
  )
  const picture = await get('/media/cat.png')
  assert.equal(picture.headers['content-type'], 'image/png')
  assert.equal(picture.headers['content-disposition'], 'inline')
  for (const name of ['page.html', 'logo.svg', 'Gr%C3%B6%C3%9Fe.txt']) {
    const { status, headers } = await get(`/media/${name}`)
    assert.equal(status, 200, name)
    assert.equal(headers['content-type'], 'application/octet-stream')
    assert.equal(headers['content-disposition'], 'attachment')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox")
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.equal(headers['cache-control'], 'no-cache')
  }
  assert.equal((await get('/media/cat.png', {}, 'DELETE')).status, 403)
  await app.media.files.save('ann.png', PNG)
  const small = await get(app.mediaUrl('ann.png', { variant: 'small' }))
  assert.deepEqual([small.headers['content-type'], small.body], ['image/gif', GIF])
  const none = await get('/media/none.png')
  assert.deepEqual([none.status, none.headers['cache-control']], [404, 'no-store'])
})

/** What is the same whether a folder or a bucket is behind nginx. */
async function checkPrivate({ get, app, origin }: Site): Promise<void> {
  assert.equal((await get('/media/private/a.txt')).status, 403)
  assert.equal((await get('/internal-media/private/a.txt')).status, 404)
  const link = await app.media.signedUrl('private/a.txt')
  const answer = await get(link)
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), '0123456789')
  assert.equal(answer.headers['content-type'], 'application/octet-stream')
  assert.equal(answer.headers['content-disposition'], 'attachment; filename=a.txt')
  assert.equal(answer.headers['cache-control'], 'private, no-cache')
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  assert.equal(answer.headers['content-security-policy'], "default-src 'none'; sandbox")
  assert.equal(answer.headers['x-accel-redirect'], undefined)
  assert.deepEqual(
    Object.keys(answer.headers).filter((name) => name.startsWith('x-amz-')),
    [],
    'what the bucket knows of the object stays there',
  )
  const part = await get(link, { range: 'bytes=3-5' })
  assert.equal(part.status, 206)
  assert.equal(part.body.toString(), '345')
  assert.equal((await get(link, {}, 'HEAD')).status, 200)
  const put = origin + (await app.media.signedUrl('private/big.bin', { method: 'PUT' }))
  assert.equal((await fetch(put, { method: 'PUT', body: Buffer.alloc(2_000_000) })).status, 201)
  assert.equal(await app.media.files.size('private/big.bin'), 2_000_000)
  const strange = await get(app.mediaUrl("a b/ü+'&.png"))
  assert.equal(strange.status, 200)
  assert.deepEqual(strange.body, PNG)
  assert.equal(strange.headers['content-type'], 'image/png')
  await app.media.files.save('private/cat.png', PNG)
  const shown = async (variant: string) => {
    assert.equal((await get(app.mediaUrl('private/cat.png', { variant }))).status, 403)
    const { headers, body } = await get(await app.media.signedUrl('private/cat.png', { variant }))
    return [headers['content-type'], body]
  }
  assert.deepEqual(await shown('small'), ['image/gif', GIF])
  assert.deepEqual(await shown('none'), ['image/png', PNG], 'the picture where there is no variant')
}

test('nginx sends private media from a folder after the app has decided', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = makeTree(context, { 'private/a.txt': '0123456789', "a b/ü+'&.png": PNG })
  await checkPrivate(
    await startSite(context, createFilesystemStorage({ root }), { kind: 'folder', root }, 'accel'),
  )
})

test('nginx sends private media from a bucket after the app has decided', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  await storage.save('private/a.txt', Buffer.from('0123456789'))
  await storage.save("a b/ü+'&.png", PNG)
  await storage.save('private/b.txt', Buffer.from('abc'), { headers: { metadata: { owner: 'ann' } } })
  const source = { kind: 'bucket', endpoint: server.endpoint } as const
  const site = await startSite(context, storage, source, 'accel')
  await checkPrivate(site)
  const { status, body, headers } = await site.get(await site.app.media.signedUrl('private/b.txt'))
  assert.deepEqual([status, body.toString()], [200, 'abc'])
  const leaked = Object.keys(headers).filter((name) => name.startsWith('x-amz-'))
  assert.deepEqual(leaked, [], 'what another program wrote stays in the bucket, too')
})

/** Its files `private/gone…` vanish as soon as the app has seen them. */
function vanishing(storage: Storage): Storage {
  return {
    ...storage,
    stat: async (key) => {
      const found = await storage.stat(key)
      if (key.startsWith('private/gone')) await storage.delete(key)
      return found
    },
  }
}

test('a file that vanishes after the app has seen it is a 404 that is not stored', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = makeTree(context, { 'private/gone.txt': '0123456789' })
  const storage = vanishing(createFilesystemStorage({ root }))
  const { get, app } = await startSite(context, storage, { kind: 'folder', root }, 'accel')
  const { status, headers } = await get(await app.media.signedUrl('private/gone.txt'))
  assert.equal(status, 404)
  assert.match(String(headers['cache-control']), /no-store/)
})

test('an object that vanishes after the app has seen it is a 404 of nginx, which says nothing of the bucket', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const [server, bucket] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || bucket === undefined) return
  const source = { kind: 'bucket', endpoint: server.endpoint } as const
  const { get, app } = await startSite(context, vanishing(bucket), source, 'accel')
  await bucket.save('private/a.txt', Buffer.from('0123456789'))
  for (const name of ['gone-1', 'gone-2']) await bucket.save(`private/${name}.txt`, Buffer.from('0123456789'))
  for (const [status, name, headers] of [
    [404, 'gone-1', {}],
    [404, 'gone-2', { range: 'bytes=0-1' }],
    [416, 'a', { range: 'bytes=99-' }],
    [412, 'a', { 'if-match': '"other"' }],
  ] as const) {
    const answer = await get(await app.media.signedUrl(`private/${name}.txt`), headers)
    assert.equal(answer.status, status)
    assert.doesNotMatch(answer.body.toString(), /private\/|\.txt|fingerpost|<Code>/)
    assert.equal(answer.headers['content-type'], 'text/html')
    assert.match(String(answer.headers['cache-control']), /no-store/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
})

test('uploads larger than nginx allows by itself reach the app, and its limit is the one that counts', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = makeTree(context)
  const { origin } = await startSite(
    context,
    createFilesystemStorage({ root }),
    { kind: 'folder', root },
    'direct',
  )
  const post = async (bytes: number) =>
    (
      await fetch(`${origin}/form`, {
        method: 'POST',
        body: formOf({ file: ['a.bin', Buffer.alloc(bytes)] }),
      })
    ).status
  assert.equal(await post(5_000_000), 200)
  assert.equal(await post(11_000_000), 413)
  assert.deepEqual([...readTree(root).keys()], ['up/a.bin'])
})

test('a build alone makes a configuration that works without an app', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = await makeBuild(context, BUILD)
  const manifest = parseManifest(readTree(root).get('manifest.json')?.toString() ?? '', 'manifest')
  const settings: NginxSettings = {
    listen: '80',
    serverName: 'example.com www.example.com',
    app: undefined,
    static: { root, manifest, brotli: false },
    media: undefined,
    whole: { modules: [] },
  }
  assert.match(await testNginxConfig(writeNginxConfig(context, formatNginxConfig(settings))), /successful/)
  assert.doesNotMatch(formatNginxConfig({ ...settings, whole: undefined }), /^events/m)
  rmSync(root, { recursive: true })
})

test('without an app, precompressed files have no address, and files of such a format have theirs', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const text = 'a few words, many times. '.repeat(100)
  const files = { LICENSE: text, 'a.txt': text, 'kept/b-B1xyZ9aQ.js': text, 'c.gz': 'c', 'kept/d.zst': 'd' }
  const root = makeTree(context)
  const sources = [makeTree(context, files)]
  const { manifest } = await build({ sources, out: root, prehashed: ['kept/**'], cache: false })
  const port = await freePort()
  const config = formatNginxConfig({
    ...{ listen: `127.0.0.1:${port}`, serverName: '_', app: undefined, media: undefined },
    static: { root, manifest, brotli: false },
    whole: { modules: [] },
  })
  await startNginx(context, writeNginxConfig(context, config), port)
  const statusOf = async (path: string) => (await exchange(port, `/static/${path}`)).status
  for (const { file } of manifest.assets.values()) assert.equal(await statusOf(file), 200, file)
  const compressed = [...readTree(root).keys()].filter((file) => /\.(?:br|gz)$/.test(file))
  const siblings = compressed.filter((file) => !/^c\./.test(file))
  assert.equal(siblings.length, 6)
  for (const file of siblings) assert.equal(await statusOf(file), 404, file)
})

test('a folder whose name nginx would take for a variable is refused', async (context) => {
  const root = await makeBuild(context, { a: 'a' })
  const manifest = parseManifest(readTree(root).get('manifest.json')?.toString() ?? '', 'manifest')
  const settings: NginxSettings = {
    listen: '80',
    serverName: '_',
    app: undefined,
    static: { root: '/srv/$user', manifest, brotli: false },
    media: undefined,
  }
  assert.throws(() => formatNginxConfig(settings), { code: 'FP_CONFIG' })
})
