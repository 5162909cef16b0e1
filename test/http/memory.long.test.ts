import assert from 'node:assert/strict'
import { Session } from 'node:inspector'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { LIMITS } from '../../src/core/limit.ts'
import fingerpost from '../../src/index.ts'
import { createFilesystemStorage, media } from '../../src/media.ts'
import { listen, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

/** Requests of a kind, each with something of its own. */
const EACH = 100
/** What our memories keep is full after so many: the parsed values of Accept-Encoding. */
const FULL = LIMITS.acceptEncodingMemo

/**
 * The entries of every map, set, array and object that is alive: whatever remembers something of a request, under
 * whatever name, has an entry more for it.
 */
function countEntries(): number {
  const session = new Session()
  session.connect()
  const ask = (
    method: string,
    parameters: object,
  ): { readonly [name: string]: { objectId: string; value: number } } => {
    let answer: unknown
    session.post(method, parameters, (error, result) => {
      answer = error ?? result
    })
    return answer as never
  }
  const prototype = ask('Runtime.evaluate', { expression: 'Object.prototype' })['result']?.objectId
  const objects = ask('Runtime.queryObjects', { prototypeObjectId: prototype })['objects']?.objectId
  const functionDeclaration = `function () {
    const sizeOf = (each) => {
      if (each instanceof Map || each instanceof Set) return each.size
      if (Array.isArray(each)) return each.length
      return ArrayBuffer.isView(each) ? 0 : Object.keys(each).length
    }
    let entries = 0
    for (const each of this) {
      // Some objects of Node throw at whoever looks.
      try { entries += sizeOf(each) } catch {}
    }
    return entries
  }`
  const counted = ask('Runtime.callFunctionOn', {
    functionDeclaration,
    objectId: objects,
    returnByValue: true,
  })
  session.disconnect()
  return counted['result']?.value ?? assert.fail('not counted')
}

type Ask = (n: number) => string

/** Everything of a request that something could be remembered by. */
const FIELDS: readonly Ask[] = [
  'Accept-Encoding: br;q=0.#, x#',
  'Origin: https://#.example',
  'Cookie: a=#',
  'Authorization: Bearer #',
  'Range: bytes=#-',
  'Range: bytes=0-1,#-',
  'If-None-Match: "#"',
  'If-Match: "#"',
  'If-Range: "#"',
  'User-Agent: #',
  'X-Forwarded-Host: #.example',
  'X-Forwarded-For: 10.0.0.#',
  'X-Forwarded-Proto: p#',
  'Available-Dictionary: :#:',
  'Dictionary-ID: "#"',
  'Accept: text/x-#',
  'Last-Event-ID: #',
].map((field) => (n) => field.replaceAll('#', String(n)))

/** @param target with # for what differs */
function kindsOf(known: string, targets: readonly string[], host: string): readonly Ask[] {
  const ask = (target: string, method = 'GET', field = 'X: y', at = host) =>
    `${method} ${target} HTTP/1.1\r\nHost: ${at}\r\n${field}\r\n\r\n`
  const hex = (n: number) => n.toString(16).padStart(16, '0')
  return [
    ...FIELDS.map(
      (field): Ask =>
        (n) =>
          ask(known, 'GET', field(n)),
    ),
    ...targets.map(
      (target): Ask =>
        (n) =>
          ask(target.replaceAll('HEX', hex(n)).replaceAll('#', String(n))),
    ),
    (n) => ask(known, 'HEAD', 'X: y', `h${n}.${host}`),
    (n) => ask(`${known}?v=${n}`, 'OPTIONS', `Access-Control-Request-Headers: x-${n}`),
  ]
}

async function visit(port: number, kinds: readonly Ask[], from: number, times = EACH): Promise<void> {
  for (const kind of kinds) {
    for (let n = from; n < from + times; n += 100) {
      const requests = Array.from({ length: 100 }, (_, index) => kind(n + index)).join('')
      await talk(port, `${requests}GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 5000)
    }
  }
  // Answers that stay open until the page leaves.
  for (let n = from; n < from + EACH; n += 4) {
    const asked = Array.from({ length: 4 }, (_, index) => `/static/__fingerpost/events?seen=${n + index}`)
    await Promise.all(asked.map((url) => talk(port, `GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 20)))
  }
}

/** What registers it and the kinds of requests. */
type Server = (app: FastifyInstance, context: TestContext) => Promise<readonly Ask[]>

const STATIC_TARGETS = [
  ...[
    '/static/#/nope.css',
    '/static/#.css',
    '/static/a.HEX.css',
    '/static/#/',
    '/static/docs?#',
    '/static/%61.css?#',
  ],
  ...['/static/__fingerpost/#', '/static/__fingerpost/version?#', '/static/__fingerpost/live.js?#'],
  ...[
    '/static/%2e%2e/#',
    '/page?#',
    '/folder/#',
    '/folder/a.txt?#',
    '/own?#',
    'http://h#.localhost/static/a.css',
  ],
]

const SERVERS: Readonly<Record<string, Server>> = {
  static: (app, context) => serveBuild(app, context, {}),
  'static, short-circuit': (app, context) => serveBuild(app, context, { shortCircuit: true }),
  async live(app, context) {
    const config = makeTree(context, { 'fingerpost.config.json': '{}' })
    const sources = [makeTree(context, { 'a.css': 'a{}', 'docs/index.html': '' })]
    await addPages(app, context, { live: { config: `${config}/fingerpost.config.json` }, sources })
    return kindsOf('/static/a.css', STATIC_TARGETS, 'localhost')
  },
  async media(app, context) {
    const root = makeTree(context, { 'a.png': 'png', 'private/a.txt': 'a' })
    const signed = 'http://bucket.example/'
    // An object store, for its tickets, whose files are in a folder.
    const storage = {
      ...createFilesystemStorage({ root }),
      ...{ url: (key: string) => signed + key, signedUrl: async (key: string) => signed + key },
      presignedPost: async () => ({ url: signed, fields: {} }),
    }
    const keys = [{ id: 'k', secret: 's'.repeat(32) }]
    const variants = { small: () => undefined }
    await app.register(media, { storage, keys, variants, private: ['private/'], production: false })
    app.get('/ticket', (request) => app.media.direct.complete((request.query as { ticket: string }).ticket))
    app.get('/link', (request) => app.media.signedUrl((request.query as { name: string }).name))
    const targets = [
      ...['/media/#/a.png', '/media/#', '/media/#/', '/media/private/#.txt', '/media/private/a.txt?s=#'],
      ...[
        '/media/a.png?disposition=#',
        '/ticket?ticket=#',
        '/ticket?ticket=#.k.x',
        '/link?name=#',
        '/media/%61#.png',
        '/media/a.png@#.png',
        '/media/a.png@small.png?#',
      ],
    ]
    app.post('/form', async (request) =>
      (await request.saveUploads({ files: { f: { uploadTo: 'f' } } })).commit(),
    )
    const put: Ask = (n) => `PUT /media/${n}.png HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`
    return [...kindsOf('/media/a.png', targets, 'localhost'), put, form]
  },
}

const form: Ask = (n) => {
  const part = `Content-Disposition: form-data; name="f"; filename="${n}.txt"`
  const body = `--b\r\n${part}\r\n\r\n${n}\r\n--b\r\nContent-Disposition: form-data; name="x${n}"\r\n\r\n${n}\r\n--b--\r\n`
  const fields = `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}`
  return `POST /form HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${body}`
}

async function serveBuild(
  app: FastifyInstance,
  context: TestContext,
  options: object,
): Promise<readonly Ask[]> {
  const root = await makeBuild(context, { 'a.css': 'a{}', 'docs/index.html': '' })
  await addPages(app, context, { root, ...options })
  return kindsOf('/static/a.css', STATIC_TARGETS, 'localhost')
}

/** The plugin, a page that asks for URLs, and a folder of downloads. */
async function addPages(app: FastifyInstance, context: TestContext, options: object): Promise<void> {
  const folders = [makeTree(context, { 'a.txt': 'a' })]
  await app.register(fingerpost, { index: 'index.html', folders, ...options })
  app.get('/page', (_request, reply) => {
    reply.preload('a.css').type('text/html')
    return reply.send(`<p>${reply.static('a.css', { absolute: true })}`)
  })
  app.get('/own', (_request, reply) => reply.sendStatic('a.css'))
  app.get('/folder/:name', (request, reply) => reply.sendFile((request.params as { name: string }).name))
}

for (const [name, server] of Object.entries(SERVERS)) {
  test(`no map, set, array or object has more entries for requests it has not seen (${name})`, async (context) => {
    const app = Fastify() as FastifyInstance
    const kinds = await server(app, context)
    const { port } = await listen(context, app)
    await visit(port, kinds.slice(0, 1), 0, FULL)
    await visit(port, kinds, FULL)
    const before = countEntries()
    await visit(port, kinds, FULL + EACH)
    // What a connection had goes once it has closed on both sides.
    let growth = countEntries() - before
    for (let look = 0; look < 300 && growth >= EACH / 2; look++) {
      await delay(100)
      growth = countEntries() - before
    }
    assert.ok(growth < EACH / 2, `${growth} entries more after ${kinds.length} kinds of ${EACH} requests`)
  })
}

test('the count sees whatever remembers', () => {
  const map = new Map<number, number>()
  const record: Record<string, number> = {}
  const list: number[] = []
  const before = countEntries()
  for (let n = 0; n < EACH; n++) {
    map.set(n, n)
    record[`key${n}`] = n
    list.push(n)
  }
  assert.ok(countEntries() - before > 2.9 * EACH)
  assert.equal(map.size + Object.keys(record).length + list.length, 3 * EACH)
})
