import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDigester } from '../../src/core/digest.ts'
import type { DeltaEncoding } from '../../src/core/encoding.ts'
import {
  type Delta,
  DICTIONARIES_FILE,
  deltaPath,
  formatDictionaries,
} from '../../src/core/manifest/dictionaries.ts'
import type { FingerpostOptions } from '../../src/index.ts'
import { type Running, start } from '../support/exchange.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const digester = await createDigester()
const OLD = 'a{color:red}'.repeat(200)
const NEW = `${OLD}b{color:blue}`
const DELTAS = { dcb: Buffer.from('what a delta of brotli would be'), dcz: Buffer.from('of zstd') }
const HASH = createHash('sha256').update(OLD).digest('base64')
const OTHER = createHash('sha256').update('other').digest('base64')
const NAMES = { 'css/site.css': NEW, 'a (b)+c*.css': NEW, 'a:b.css': NEW, 'small.css': 'a{}'.repeat(100) }

/** A server does not look into deltas, so that any bytes are as good. */
async function setUp(
  context: TestContext,
  encodings: readonly DeltaEncoding[] = ['dcb'],
  options: FingerpostOptions = {},
) {
  const root = makeTree(context)
  const before = await writeBuild(root, { 'css/site.css': OLD })
  const { assets } = await writeBuild(root, NAMES)
  const file = assets.get('css/site.css')?.file ?? ''
  const variants = encodings.map((encoding) => [
    encoding,
    { size: DELTAS[encoding].length, etag: digester.of(DELTAS[encoding]) },
  ])
  const delta: Delta = {
    ...{ file, to: digester.of(Buffer.from(NEW)), from: digester.of(Buffer.from(OLD)), dictionary: HASH },
    encodings: Object.fromEntries(variants),
  }
  for (const encoding of encodings) writeFileSync(join(root, deltaPath(delta, encoding)), DELTAS[encoding])
  const save = (deltas: readonly Delta[]) =>
    writeFileSync(join(root, DICTIONARIES_FILE), formatDictionaries({ minBytes: 1024, deltas }))
  save([delta])
  const running = await start(context, { root, watch: false, ...options })
  const url = `/static/${file}`
  const urlOf = (name: string) => running.app.static(name)
  const get = (headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
    running.get(url, { 'accept-encoding': 'gzip, br, dcb, dcz', ...headers }, method)
  return { ...running, root, url, urlOf, delta, save, ask: get, before }
}

const offering = (hash: string) => ({ 'available-dictionary': `:${hash}:` })

test('hashed names of the build are offered as dictionaries, for names that differ in the hash alone', async (context) => {
  const { get, urlOf, url } = await setUp(context)
  const matchOf = async (path: string, method = 'GET', headers = {}) =>
    (await get(path, headers, method)).headers['use-as-dictionary']
  const match = 'match="/static/css/site.:h.css"'
  assert.equal(await matchOf(url), match)
  assert.equal(await matchOf(url, 'HEAD'), match)
  assert.equal(await matchOf(url, 'GET', { 'accept-encoding': 'br' }), match)
  const special = 'match="/static/a%20\\\\(b\\\\)~2Bc\\\\*.:h.css"'
  assert.equal(await matchOf(urlOf('a (b)+c*.css')), special)
  assert.equal(await matchOf(urlOf('a:b.css')), undefined, 'a colon')
  assert.equal(await matchOf(urlOf('small.css')), undefined, 'too small')
  assert.equal(await matchOf('/static/css/site.css'), undefined, 'a logical name')
  assert.equal(await matchOf(url, 'GET', { range: 'bytes=0-9' }), undefined, 'a part')
  assert.equal(await matchOf(url, 'GET', { range: 'bytes=99999-' }), undefined, '416')
  assert.equal(await matchOf(url, 'GET', { 'if-none-match': '*' }), undefined, '304')
  assert.equal(await matchOf(url, 'GET', { 'if-match': '"x"' }), undefined, '412')
  assert.equal(await matchOf('/static/css/site.0000000000000000.css'), undefined, '404')
})

test('behind the address of a CDN the path is the one that browsers see', async (context) => {
  const root = makeTree(context)
  const { assets } = await writeBuild(root, NAMES, { url: 'https://cdn.example/files/' })
  writeFileSync(join(root, DICTIONARIES_FILE), formatDictionaries({ minBytes: 0, deltas: [] }))
  const { get } = await start(context, { root, watch: false, prefix: '/pull/' })
  const { headers } = await get(`/pull/${assets.get('css/site.css')?.file}`)
  assert.equal(headers['use-as-dictionary'], 'match="/files/css/site.:h.css"')
})

/** Accept-Encoding, Available-Dictionary, and the coding that is sent. */
const CHOICES: readonly (readonly [
  accept: string | undefined,
  dictionary: string | undefined,
  coding: string,
])[] = [
  ['gzip, br, dcb, dcz', `:${HASH}:`, 'dcz'],
  ['gzip, br, dcb', `:${HASH}:`, 'dcb'],
  ['gzip, br, dcb', ` :${HASH}: `, 'dcb'],
  ['gzip, br, dcb', `:${HASH.slice(0, -1)}:`, 'dcb'],
  ['dcb', `:${HASH}:`, 'dcb'],
  ['gzip, br, dcb;q=0.5', `:${HASH}:`, 'br'],
  ['gzip;q=0.5, br;q=0.5, dcb', `:${HASH}:`, 'dcb'],
  ['gzip, br, dcb;q=0', `:${HASH}:`, 'br'],
  ['gzip, br', `:${HASH}:`, 'br'],
  ['*', `:${HASH}:`, 'br'],
  [undefined, `:${HASH}:`, 'identity'],
  ['gzip, br, dcb', undefined, 'br'],
  ['gzip, br, dcb', `:${OTHER}:`, 'br'],
  ['gzip, br, dcb', HASH, 'br'],
  ['gzip, br, dcb', `":${HASH}:"`, 'br'],
  ['gzip, br, dcb', `:${HASH}:, :${HASH}:`, 'br'],
  ['gzip, br, dcb', `:${HASH.slice(4)}:`, 'br'],
  ['gzip, br, dcb', '::', 'br'],
  ['gzip, br, dcb', '', 'br'],
  ['gzip, br, dcb', 'x'.repeat(8000), 'br'],
]

for (const shortCircuit of [false, true]) {
  test(`a delta goes only to whom it helps (${shortCircuit ? 'short' : 'routed'})`, async (context) => {
    const { get, url } = await setUp(context, ['dcb', 'dcz'], { shortCircuit })
    for (const [accept, dictionary, coding] of CHOICES) {
      const asked = {
        ...(accept !== undefined && { 'accept-encoding': accept }),
        ...(dictionary !== undefined && { 'available-dictionary': dictionary }),
      }
      const { status, headers, body } = await get(url, asked)
      assert.equal(status, 200)
      assert.equal(headers['content-encoding'] ?? 'identity', coding, JSON.stringify(asked))
      if (coding === 'dcb' || coding === 'dcz') assert.deepEqual(body, DELTAS[coding])
    }
  })
}

test('a delta has an ETag of its own, and answers conditions and HEAD as every variant does', async (context) => {
  const { ask, delta } = await setUp(context)
  const etag = `"${delta.encodings.dcb?.etag}"`
  const own = await ask(offering(HASH))
  assert.equal(own.headers.etag, etag)
  assert.equal(own.headers['content-length'], String(DELTAS.dcb.length))
  assert.equal(own.headers['content-type'], 'text/css; charset=utf-8')
  assert.equal(own.headers['use-as-dictionary'], 'match="/static/css/site.:h.css"')
  const head = await ask(offering(HASH), 'HEAD')
  assert.deepEqual(
    [head.status, head.headers.etag, head.headers['content-length'], head.body.length],
    [200, etag, String(DELTAS.dcb.length), 0],
  )
  const same = await ask({ ...offering(HASH), 'if-none-match': etag })
  assert.deepEqual([same.status, same.headers.etag], [304, etag])
  assert.equal((await ask({ 'if-none-match': etag })).status, 200, 'without the dictionary')
  assert.equal((await ask({ ...offering(HASH), 'if-match': '"x"' })).status, 412)
  assert.equal((await ask({ ...offering(HASH), 'if-match': etag })).status, 200)
})

test('a range is never one of a delta', async (context) => {
  const { ask, delta } = await setUp(context)
  const etag = `"${delta.encodings.dcb?.etag}"`
  for (const more of [{}, { 'if-range': etag }]) {
    const { headers } = await ask({ ...offering(HASH), range: 'bytes=0-3', ...more })
    assert.equal(headers['content-encoding'], 'br')
  }
})

test('every answer of a file with deltas says what it depends on, others do not', async (context) => {
  const { ask, get, urlOf } = await setUp(context)
  const both = 'Accept-Encoding, Available-Dictionary'
  const asked = [
    {},
    offering(HASH),
    { range: 'bytes=0-3' },
    { range: 'bytes=99999-' },
    { 'if-none-match': '*' },
  ]
  for (const headers of [...asked, { 'if-match': '"x"' }, { 'accept-encoding': '*;q=0' }]) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(headers, method)
      assert.equal(answer.headers.vary, both, `${method} ${answer.status}`)
    }
  }
  assert.equal((await get(urlOf('a (b)+c*.css'))).headers.vary, 'Accept-Encoding')
})

for (const [mode, options] of Object.entries({ kept: {}, streamed: { cache: false } as const })) {
  test(`for a damaged or missing delta the file is sent as it is (${mode})`, async (context) => {
    const { ask, root, delta } = await setUp(context, ['dcb'], options)
    const file = join(root, deltaPath(delta, 'dcb'))
    const harms = [
      () => writeFileSync(file, Buffer.alloc(DELTAS.dcb.length)),
      () => writeFileSync(file, 'short'),
      () => rmSync(file),
    ]
    for (const harm of harms) {
      harm()
      const { status, headers, body } = await ask(offering(HASH))
      assert.deepEqual([status, headers['content-encoding'], body.toString()], [200, undefined, NEW])
    }
    writeFileSync(file, DELTAS.dcb)
    assert.equal((await ask(offering(HASH))).headers['content-encoding'], 'dcb', 'repaired')
  })
}

test('names of earlier builds are neither dictionaries nor sent as deltas', async (context) => {
  const { get, app, root, url, save, delta } = await setUp(context)
  const { assets } = await writeBuild(root, { 'css/site.css': `${NEW}c{}` })
  const file = assets.get('css/site.css')?.file ?? ''
  save([delta, { ...delta, file, encodings: {} }])
  assert.equal(await app.staticReload(), true)
  const answer = await get(url, { 'accept-encoding': 'br, dcb', ...offering(HASH) })
  assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, 'br'])
  assert.equal(answer.headers['use-as-dictionary'], undefined)
  assert.equal(answer.headers.vary, 'Accept-Encoding')
})

test('dictionaries that come with the same manifest are taken into service', async (context) => {
  const { ask, app, save } = await setUp(context)
  save([])
  assert.equal(await app.staticReload(), true)
  assert.equal((await ask(offering(HASH))).headers['content-encoding'], 'br')
  assert.equal(await app.staticReload(), false)
})

async function isPlain({ ask, url, get }: Running & Awaited<ReturnType<typeof setUp>>): Promise<void> {
  const answer = await ask(offering(HASH))
  assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, 'br'])
  assert.equal(answer.headers['use-as-dictionary'], undefined)
  assert.equal((await get(url)).headers.vary, 'Accept-Encoding')
}

test('with the option false there are none', async (context) => {
  await isPlain(await setUp(context, ['dcb'], { dictionaries: false }))
})

test('damaged dictionaries are logged, and files are served whole', async (context) => {
  const made = await setUp(context)
  const logged: string[] = []
  made.app.log.warn = ((error: Error) => logged.push(error.message)) as typeof made.app.log.warn
  writeFileSync(
    join(made.root, DICTIONARIES_FILE),
    readFileSync(join(made.root, DICTIONARIES_FILE)).subarray(0, 50),
  )
  assert.equal(await made.app.staticReload(), true)
  assert.match(logged.join('\n'), /dictionaries\.json can't be used/)
  await isPlain(made)
})

test('with the option true a build without dictionaries is logged', async (context) => {
  const logged: string[] = []
  for (const dictionaries of [true, undefined]) {
    const made = await setUp(context, ['dcb'], dictionaries === undefined ? {} : { dictionaries })
    made.app.log.warn = ((error: Error) => logged.push(error.message)) as typeof made.app.log.warn
    rmSync(join(made.root, DICTIONARIES_FILE))
    assert.equal(await made.app.staticReload(), true)
    await isPlain(made)
  }
  assert.equal(logged.length, 1)
  assert.match(
    logged[0] ?? '',
    /has no dictionaries\.json\. Its files are sent whole\.\n {2}Build with --dictionaries/,
  )
})

test('a rule for Use-As-Dictionary is refused at the start, unless dictionaries are off', async (context) => {
  const headers = [{ match: '*.css', set: { 'use-as-dictionary': 'match="/*"' } }]
  await assert.rejects(setUp(context, ['dcb'], { headers }), {
    code: 'FP_CONFIG',
    message: /Use-As-Dictionary/,
  })
  const { get, urlOf } = await setUp(context, ['dcb'], { headers, dictionaries: false })
  assert.equal((await get(urlOf('small.css'))).headers['use-as-dictionary'], 'match="/*"')
})

test('what a rule adds to Vary stands beside it', async (context) => {
  const { app, url } = await setUp(context, ['dcb'], { headers: [{ match: '**', set: { Vary: 'Origin' } }] })
  const { headers } = await app.inject({ url, headers: { 'accept-encoding': 'dcb', ...offering(HASH) } })
  assert.equal(headers['vary'], 'Accept-Encoding, Available-Dictionary, Origin')
})
