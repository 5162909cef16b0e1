import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import zlib from 'node:zlib'
import fastify from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { encodePath } from '../../../src/core/path.ts'
import { findNginx, formatNginxConfig } from '../../../src/deploy/nginx/config.ts'
import fingerpost, { type FingerpostOptions } from '../../../src/index.ts'
import { freePort } from '../../support/ceph.ts'
import { type Answer, exchange } from '../../support/exchange.ts'
import { PNG } from '../../support/image.ts'
import { rounds } from '../../support/long.ts'
import { startNginx, writeNginxConfig } from '../../support/nginx.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'

const BUILD = {
  'css/site.css': `a { color: ${'red '.repeat(200)}}`,
  'js/app.js.map': '{"version":3}',
  'fonts/a.woff2': 'font',
  'vendor/jquery.0123456789abcdef.js': 'a name that looks hashed',
  'bundled/app-B1xyZ9aQ.js': 'console.log(1);'.repeat(200),
  'bundled/a (b)+-B1xyZ9aQ.js': 'console.log(2)',
  "a+b/ü (c)+'&.css": 'b { color: red }',
  'bundled/data-B1xyZ9aQ.gz': 'a prehashed file of its own',
  'img/a.png': PNG,
  LICENSE: 'MIT '.repeat(400),
  'data.gz': 'a file of its own, not a precompressed one',
  'table.csv': 'a,b',
  'README.md': '# A',
  'subs.vtt': 'WEBVTT',
  '.well-known/apple-app-site-association': '{}',
}

const COMPRESSED = ['css/site.css', 'LICENSE', 'bundled/app-B1xyZ9aQ.js']

/** The app and nginx in front of it, with the configuration that is printed. */
async function startBoth(context: TestContext, url: string, options: FingerpostOptions = {}) {
  const root = makeTree(context)
  const { manifest } = await build({
    sources: [makeTree(context, BUILD)],
    out: root,
    url,
    prehashed: ['bundled/**'],
    encodings: ['br', 'gzip', ...(options.headers === undefined ? [] : (['zstd'] as const))],
    cache: false,
  })
  const app = fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root, earlyHints: true, ...options })
  app.post('/form', async () => 'posted')
  app.get('/hinted', (request, reply) =>
    reply.preload('css/site.css').send(request.headers['x-forwarded-host']),
  )
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const port = await freePort()
  const nginx = await findNginx()
  const config = formatNginxConfig({
    listen: `127.0.0.1:${port}`,
    serverName: '_',
    app: address,
    static: { root, manifest, brotli: nginx?.brotli === true },
    media: undefined,
    whole: { modules: nginx?.modules ?? [] },
  })
  await startNginx(context, writeNginxConfig(context, config), port)
  const prefix = new URL(url, 'http://x').pathname
  for (const name of COMPRESSED) {
    const { file } = manifest.assets.get(name) ?? assert.fail(name)
    for (const suffix of ['.br', '.gz']) assert.ok(existsSync(join(root, file + suffix)), file + suffix)
  }
  return {
    ports: { app: Number(new URL(address).port), nginx: port },
    prefix,
    fileOf: (name: string) => prefix + encodePath(manifest.assets.get(name)?.file ?? assert.fail(name)),
  }
}

type Headers = Readonly<Record<string, string>>

const LONG_AGO = new Date(0).toUTCString()

/** Headers of requests, by what they ask for. ETAG and MODIFIED stand for what the server itself has said. */
const REQUESTS: Readonly<Record<string, Headers>> = {
  plain: {},
  origin: { origin: 'https://other.example' },
  gzip: { 'accept-encoding': 'gzip' },
  brotli: { 'accept-encoding': 'br, gzip', origin: 'https://other.example' },
  'identity alone': { 'accept-encoding': 'br;q=0, gzip;q=0' },
  'no identity': { 'accept-encoding': 'identity;q=0' },
  'any encoding': { 'accept-encoding': '*' },
  'If-None-Match, the same': { 'if-none-match': 'ETAG' },
  'If-None-Match, another': { 'if-none-match': '"other"' },
  'If-None-Match, any': { 'if-none-match': '*' },
  'If-Modified-Since, the same': { 'if-modified-since': 'MODIFIED' },
  'If-Modified-Since, before': { 'if-modified-since': LONG_AGO },
  'If-Match, the same': { 'if-match': 'ETAG' },
  'If-Match, another': { 'if-match': '"other"' },
  'If-Match, any': { 'if-match': '*' },
  'If-Unmodified-Since, before': { 'if-unmodified-since': LONG_AGO },
  'a range': { range: 'bytes=0-1', origin: 'https://other.example' },
  'the end': { range: 'bytes=-2' },
  'two ranges': { range: 'bytes=0-0,2-2' },
  'a range too far': { range: 'bytes=99999-' },
  'a range in lines': { range: 'lines=1' },
  'If-Range, the same': { range: 'bytes=0-1', 'if-range': 'ETAG' },
  'If-Range, another': { range: 'bytes=0-1', 'if-range': '"other"' },
  'a range of gzip': { range: 'bytes=0-1', 'accept-encoding': 'gzip' },
}

/** What nginx says of itself, and what it can't say of a build: the row of any request. */
const OWN = ['date', 'server', 'connection', 'keep-alive', 'etag', 'last-modified']
const EVERYTHING = ['content-type', 'content-length', 'content-encoding', 'content-range', 'cache-control']
const ERROR_PAGE = ['content-type', 'content-length', 'access-control-allow-origin', 'x-content-type-options']

interface Exchanged {
  readonly method: string
  readonly request: string
  readonly ours: Answer
  readonly theirs: Answer
}

/** Where nginx, sending a file by itself, answers otherwise on purpose. */
const DELIBERATE: readonly {
  /** Its row in the table in docs/deploy.md. */
  readonly row: string
  readonly when: (exchanged: Exchanged) => boolean
  readonly status?: readonly [ours: number, theirs: number]
  readonly headers: readonly string[]
}[] = [
  { row: '304', when: ({ theirs }) => theirs.status === 304, headers: ['x-content-type-options'] },
  { row: 'an error', when: ({ theirs }) => theirs.status === 412, headers: ERROR_PAGE },
  { row: 'an error', when: ({ theirs }) => theirs.status === 416, headers: [...ERROR_PAGE, 'cache-control'] },
  {
    row: '`Accept-Encoding: identity;q=0` alone',
    when: ({ request }) => request === 'no identity',
    status: [406, 200],
    headers: [...EVERYTHING, ...ERROR_PAGE],
  },
  {
    row: '`Accept-Encoding: *`',
    when: ({ request }) => request === 'any encoding',
    headers: ['content-encoding', 'content-length'],
  },
  {
    row: '`If-Modified-Since`, `If-Unmodified-Since`',
    when: ({ request }) => request === 'If-Modified-Since, the same',
    status: [200, 304],
    headers: EVERYTHING,
  },
  {
    row: '`If-Modified-Since`, `If-Unmodified-Since`',
    when: ({ request }) => request === 'If-Unmodified-Since, before',
    status: [200, 412],
    headers: EVERYTHING,
  },
  {
    row: 'a range of a compressed answer',
    when: ({ request }) => request === 'a range of gzip',
    status: [206, 200],
    headers: EVERYTHING,
  },
  {
    row: 'several ranges',
    when: ({ request }) => request === 'two ranges',
    headers: ['content-type', 'content-length'],
  },
  {
    row: '`HEAD` with a range',
    when: ({ method, ours, theirs }) => method === 'HEAD' && ours.status === 200 && theirs.status === 206,
    status: [200, 206],
    headers: EVERYTHING,
  },
  {
    row: '`HEAD` with a range',
    when: ({ method, ours, theirs }) => method === 'HEAD' && ours.status === 200 && theirs.status === 416,
    status: [200, 416],
    headers: EVERYTHING,
  },
  { row: 'a range of a compressed answer', when: () => true, headers: ['accept-ranges'] },
]

/** Header by header, what differs and may not. */
function differencesIn(exchanged: Exchanged, isSentByNginx: boolean): readonly string[] {
  const { ours, theirs } = exchanged
  const rules = isSentByNginx ? DELIBERATE.filter(({ when }) => when(exchanged)) : []
  const left = new Set([...OWN, ...rules.flatMap(({ headers }) => headers)])
  const isOther = rules.some(({ status }) => status?.[0] === ours.status && status[1] === theirs.status)
  const names = new Set([...Object.keys(ours.headers), ...Object.keys(theirs.headers)])
  const pairs: (readonly [name: string, ours: unknown, theirs: unknown])[] = [...names]
    .filter((name) => !left.has(name))
    .map((name) => [name, ours.headers[name], theirs.headers[name]])
  if (!isOther) pairs.push(['status', ours.status, theirs.status])
  if (!isOther && !left.has('content-length'))
    pairs.push(['body', ours.body.toString(), theirs.body.toString()])
  if (theirs.status >= 400 && !/no-store/.test(String(theirs.headers['cache-control']))) {
    pairs.push(['cache-control of an error', 'no-store', theirs.headers['cache-control']])
  }
  return pairs
    .filter(([, own, other]) => String(own) !== String(other))
    .map(([name, own, other]) => `${name}: ${own} by the app, ${other} by nginx`)
}

const URLS = ['/static/', 'https://cdn.example.com/files/', '/', '/sub/path/static/']

for (const url of URLS.slice(0, rounds(2, URLS.length))) {
  test(`nginx and the app answer alike below ${url}, header by header`, async (context) => {
    if (!hasTool(context, 'nginx')) return
    const { ports, prefix, fileOf } = await startBoth(context, url)
    const names = Object.keys(BUILD)
    const sent = new Set(names.map(fileOf))
    const paths = [
      ...sent,
      ...names.map((name) => prefix + encodePath(name)).filter((path) => !sent.has(path)),
      ...COMPRESSED.flatMap((name) => ['.br', '.gz'].map((suffix) => fileOf(name) + suffix)),
      ...[`${prefix}css`, `${prefix}css/`, prefix],
      ...[`${prefix}manifest.json`, `${prefix}history.json`, `${prefix}.fingerpost/x`],
      ...[`${prefix}css/site.0000000000000000.css`, `${prefix}none.css`],
    ]
    const ask = async (port: number, path: string, method: string, headers: Headers) => {
      const known = Object.values(headers).some((value) => value === 'ETAG' || value === 'MODIFIED')
      const plain = known ? await exchange(port, path, {}, 'HEAD') : undefined
      const own = ([name, value]: [string, string]) => [
        name,
        value === 'ETAG'
          ? (plain?.headers.etag ?? '"none"')
          : value === 'MODIFIED'
            ? (plain?.headers['last-modified'] ?? LONG_AGO)
            : value,
      ]
      return exchange(port, path, Object.fromEntries(Object.entries(headers).map(own)), method)
    }
    const differences: string[] = []
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
        const isRead = method === 'GET' || method === 'HEAD'
        // What nginx hands on is the app's answer: a few of them tell that headers arrive.
        const count = isRead ? (sent.has(path) ? undefined : 5) : 2
        for (const [request, headers] of Object.entries(REQUESTS).slice(0, count)) {
          const [ours, theirs] = await Promise.all([
            ask(ports.app, path, method, headers),
            ask(ports.nginx, path, method, headers),
          ])
          const found = differencesIn({ method, request, ours, theirs }, sent.has(path))
          differences.push(...found.map((text) => `${method} ${path}, ${request}: ${text}`))
        }
      }
    }
    assert.deepEqual(differences, [])
  })
}

/** The first cells of a table in docs/deploy.md. */
function rowsOf(title: string): readonly string[] {
  const page = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8')
  const [, rows = ''] = page.split(`  | ${title} |`)[1]?.split(/^ {2}\| --- .*\n/m) ?? []
  return (rows.split('\n\n')[0] ?? '').split('\n').map((line) => line.split('|')[1]?.trim() ?? '')
}

test('docs/deploy.md has a row for each deliberate difference, and for no other', () => {
  const rows = ['any', ...DELIBERATE.map(({ row }) => row)]
  assert.deepEqual([...rowsOf('request | app | nginx')].sort(), [...new Set(rows)].sort())
})

const OPTIONS = {
  cacheControl: { hashed: 'max-age=60' },
  cors: 'https://a.example',
  crossOriginResourcePolicy: 'same-site',
  timingAllowOrigin: '*',
  lastModified: new Date('2020-01-01'),
  headers: [{ match: '**', set: { 'X-Own': '1' } }],
} satisfies FingerpostOptions

test('docs/deploy.md has a row for each option that nginx knows nothing of', async (context) => {
  const rows = [...Object.keys(OPTIONS).map((option) => `\`${option}\``), "the build's `encodings: ['zstd']`"]
  assert.deepEqual(rowsOf('option | nginx'), rows)
  if (!hasTool(context, 'nginx')) return
  const { ports, fileOf } = await startBoth(context, '/static/', OPTIONS)
  const headersOf = async (port: number) =>
    (await exchange(port, fileOf('css/site.css'), { 'accept-encoding': 'zstd, gzip' })).headers
  const [ours, theirs] = [await headersOf(ports.app), await headersOf(ports.nginx)]
  const names = ['cache-control', 'access-control-allow-origin', 'cross-origin-resource-policy']
  for (const name of [...names, 'timing-allow-origin', 'last-modified', 'x-own'])
    assert.ok(ours[name] !== undefined && ours[name] !== theirs[name], name)
  assert.deepEqual(
    [...names, 'timing-allow-origin', 'x-own'].map((name) => theirs[name]),
    ['public, max-age=31536000, immutable', '*', undefined, undefined, undefined],
  )
  assert.equal(ours['content-encoding'], 'zstdCompress' in zlib ? 'zstd' : 'gzip')
  assert.equal(theirs['content-encoding'], 'gzip')
})

test('what nginx hands on reaches the app as it was sent, and no interim response takes the place of the page', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const { ports } = await startBoth(context, '/static/')
  assert.equal((await exchange(ports.nginx, '/form', {}, 'POST')).body.toString(), 'posted')
  const headers = { 'x-forwarded-host': 'evil.example', host: 'good.example' }
  assert.equal((await exchange(ports.nginx, '/hinted', headers)).body.toString(), 'good.example')
  assert.equal((await exchange(ports.nginx, '/hinted')).status, 200)
})
