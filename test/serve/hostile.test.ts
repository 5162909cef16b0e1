import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { listen, start, talk } from '../support/exchange.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { lintAgainst, lintMessage } from '../support/http-lint.ts'
import { parseMessages, valuesOf } from '../support/http-message.ts'
import { makeTree } from '../support/tree.ts'

const SECRET = 'TOP-SECRET-9f8e7d'
const CSS = 'a{color:red}'.repeat(300)

/** A build with a secret beside it, above it and under names nobody may ask for. */
async function startBuild(context: TestContext, options: object = {}) {
  const top = makeTree(context, { 'secret.txt': SECRET, out: { '.env': SECRET, 'secret.txt': SECRET } })
  const root = join(top, 'out')
  await writeBuild(root, { 'css/site.css': CSS, 'a.txt': 'a', 'gone.png': 'gone', 'other.png': 'other' })
  writeFileSync(
    join(root, 'history.json'),
    JSON.stringify({ version: 1, builds: [], retired: [], note: SECRET }),
  )
  return { root, top, ...(await start(context, { root, watch: false, ...options })) }
}

const DOTS = [
  ...[
    '..',
    '%2e%2e',
    '%2E%2e',
    '.%2e',
    '%2e.',
    '%252e%252e',
    '..%00',
    '..;',
    '..%3b',
    '..%09',
    '..%20',
    '...',
  ],
  // Overlong UTF-8, full-width dots, IIS's %u, Java's modified UTF-8.
  ...[
    '%c0%ae%c0%ae',
    '%c0%2e%c0%2e',
    '%e0%80%ae%e0%80%ae',
    '%f0%80%80%ae',
    '%uff0e%uff0e',
    '%ef%bc%8e%ef%bc%8e',
  ],
  ...['%u002e%u002e', '..%c0%af', '%fe%80%80%80%80%80%ae', '%%32%65%%32%65', '....', '.\\.', '%2e%2e%5c'],
]
const SLASHES = [
  '/',
  '//',
  '%2f',
  '%2F',
  '%252f',
  '\\',
  '%5c',
  '%255c',
  '%c0%af',
  '%c1%9c',
  '%e2%88%95',
  '/./',
  ';/',
]
const TARGETS = ['secret.txt', 'etc/passwd', '.env', 'manifest.json', 'history.json']

/** Every spelling of a way up, before every target; and some that climb from within a folder of the build. */
function traversals(): readonly string[] {
  const paths: string[] = []
  for (const dots of DOTS)
    for (const slash of SLASHES)
      for (const target of TARGETS)
        for (const start of ['/static/', '/static/css/'])
          paths.push(`${start}${dots}${slash}${dots}${slash}${target}`, `${start}${dots}${slash}${target}`)
  return paths
}

/** What else has been sent to servers of files. */
const ODD_TARGETS = [
  ...[
    '/static/%00',
    '/static/css/site.css%00.png',
    '/static/css/site.css%0d%0aX-Evil:%201',
    '/static/css/site.css%',
  ],
  ...[
    '/static/%',
    '/static/%zz',
    '/static/%e0%a4%a',
    '/static/\x01',
    '/static/css%2Fsite.css/..%2f..%2fsecret.txt',
  ],
  ...['/static/css/site.css/', '/static/css/site.css/.', '/static/css//site.css', '/static/./css/site.css'],
  ...[
    '/static/C:/secret.txt',
    '/static/C:%5csecret.txt',
    '/static//secret.txt',
    '/static/file:///etc/passwd',
  ],
  ...[
    '/static/\\\\host\\share',
    '/static/secret.txt::$DATA',
    '/static/CON',
    '/static/~root',
    '/static/.git/config',
  ],
  ...[
    '/static/.env',
    '/static/%2eenv',
    '/static/secret.txt',
    '/static/manifest.json',
    '/static/history.json',
  ],
  ...[
    '/static/a.txt.br',
    '/static/a.txt~',
    '/static/A.TXT',
    '/static/a.txt.',
    '/static/a.txt%20',
    '/static/a.tx%74%74',
  ],
  ...[
    '/static/__proto__',
    '/static/constructor',
    '/static/hasOwnProperty',
    '//static/a.txt',
    '/static',
    '/static/..',
  ],
  ...[
    '/STATIC/a.txt',
    '/static/a.txt;x=1',
    '/static/a.txt/../manifest.json',
    '/static/a.txt#x/../secret.txt',
    '*',
  ],
  `/static/${'a'.repeat(8000)}`,
  `/static/${'../'.repeat(2500)}secret.txt`,
  `/static/${'%2e%2e%2f'.repeat(800)}secret.txt`,
]

for (const shortCircuit of [false, true]) {
  const way = shortCircuit ? 'short' : 'routed'
  test(`no spelling of a path leads anywhere but into the manifest (${way})`, async (context) => {
    const { port } = await startBuild(context, { shortCircuit })
    const targets = [...traversals(), ...ODD_TARGETS].filter((target) => !/[\x00-\x20]/.test(target))
    assert.ok(targets.length > 6000)
    for (let from = 0; from < targets.length; from += 500) {
      const batch = targets.slice(from, from + 500)
      const requests = batch.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      const last = 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
      const received = await talk(port, requests.join('') + last, 5000)
      assert.ok(!received.includes(SECRET) && !received.includes('root:'), 'no secret leaks')
      const messages = parseMessages(received, [])
      assert.equal(messages.length, batch.length + 1)
      for (const [index, { status, body }] of messages.entries()) {
        const expected = index === batch.length ? [200] : [400, 404, 405]
        // An ordinary way of writing the path of a file is no attack.
        if (status === 200 && body.toString() === 'a') continue
        assert.ok(expected.includes(status), `${batch[index]} → ${status}`)
      }
    }
  })
}

/** Whole requests, each on a connection of its own, and the statuses that may come back; none: the connection ends. */
const RAW: readonly (readonly [name: string, request: string, statuses: readonly number[]])[] = [
  ['absolute form', 'GET http://x/static/a.txt HTTP/1.1\r\nHost: x\r\n\r\n', [200]],
  [
    'absolute form of another host',
    'GET http://evil/static/../secret.txt HTTP/1.1\r\nHost: x\r\n\r\n',
    [404],
  ],
  ['authority form', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', []],
  ['asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', [404]],
  ['no Host', 'GET /static/a.txt HTTP/1.1\r\n\r\n', [400]],
  ['two Hosts', 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', [200, 400]],
  ['HTTP/1.0', 'GET /static/a.txt HTTP/1.0\r\n\r\n', [200]],
  ['HTTP/0.9', 'GET /static/a.txt\r\n\r\n', [200, 400]],
  ['HTTP/9.9', 'GET /static/a.txt HTTP/9.9\r\nHost: x\r\n\r\n', [400, 505]],
  ['a raw NUL', 'GET /static/a.txt\0 HTTP/1.1\r\nHost: x\r\n\r\n', [400]],
  ['a raw blank', 'GET /static/a b HTTP/1.1\r\nHost: x\r\n\r\n', [400]],
  ['raw bytes above 127', 'GET /static/\xc3\xbc.txt HTTP/1.1\r\nHost: x\r\n\r\n', [400, 404]],
  [
    'length and chunks',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    [400],
  ],
  [
    'two lengths',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    [400],
  ],
  [
    'a folded header',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\n 0\r\n\r\n',
    [400, 200, 206],
  ],
  ['a header too large', `GET /static/a.txt HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, [431]],
  [
    'a thousand ranges',
    `GET /static/css/site.css HTTP/1.1\r\nHost: x\r\nRange: bytes=${'0-0,'.repeat(1000)}5-5\r\n\r\n`,
    [200],
  ],
  [
    'overlapping ranges',
    `GET /static/css/site.css HTTP/1.1\r\nHost: x\r\nRange: bytes=${'0-,'.repeat(10)}0-\r\n\r\n`,
    [200],
  ],
  [
    'a thousand encodings',
    `GET /static/css/site.css HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${'gzip;q=0.1,'.repeat(1000)}br\r\n\r\n`,
    [200],
  ],
  [
    'a thousand entity tags',
    `GET /static/a.txt HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${'"a",'.repeat(2000)}"b"\r\n\r\n`,
    [200],
  ],
  [
    'ranges twice',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\nRange: bytes=0-0\r\n\r\n',
    [200, 206],
  ],
  [
    'conditions twice',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nIf-None-Match: "x"\r\nIf-None-Match: *\r\n\r\n',
    [200, 304],
  ],
  [
    'encodings twice',
    'GET /static/css/site.css HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br\r\n\r\n',
    [200],
  ],
  ['a body on GET', 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', [200]],
  ['TRACE', 'TRACE /static/a.txt HTTP/1.1\r\nHost: x\r\n\r\n', [404, 405]],
  ['a made-up method', 'BREW /static/a.txt HTTP/1.1\r\nHost: x\r\n\r\n', [400]],
  ['Expect', 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n', [200, 417]],
  [
    'an upgrade',
    'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    [200],
  ],
]

for (const [name, request, statuses] of RAW) {
  test(`${name}: ${statuses.join(' or ') || 'the connection ends'}, and the server goes on`, async (context) => {
    const { port, get } = await startBuild(context)
    const closing = request.replace('Host: x\r\n', 'Host: x\r\nConnection: close\r\n')
    const received = await talk(port, Buffer.from(name === 'an upgrade' ? request : closing, 'latin1'), 500)
    assert.ok(!received.includes(SECRET))
    assert.ok(!/node_modules|\n {4}at /.test(received.toString()), 'no stack leaks')
    const found = parseMessages(received, [request.split(' ', 1)[0] ?? '']).map(({ status }) => status)
    if (statuses.length === 0) assert.deepEqual(found, [])
    else assert.ok(found.every((status) => statuses.includes(status)) && found.length > 0, found.join())
    assert.equal((await get('/static/a.txt')).status, 200)
  })
}

test('pipelined requests are answered in order, whatever is between them', async (context) => {
  const { port } = await startBuild(context, { cache: false })
  const paths = [
    '/static/a.txt',
    '/static/nope',
    '/static/css/site.css',
    '/static/a.txt?x',
    '/static/css/site.css',
  ]
  const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
  const text = paths.map((path) => ask(path)).join('') + ask('/static/a.txt', 'Connection: close\r\n')
  const messages = parseMessages(await talk(port, text), [])
  assert.deepEqual(
    messages.map(({ status, body }) => [status, body.length]),
    [
      [200, 1],
      [404, 10],
      [200, CSS.length],
      [200, 1],
      [200, CSS.length],
      [200, 1],
    ],
  )
})

/** Every kind of answer there is: what is asked, and the status that follows. */
const KINDS: readonly (readonly [method: string, path: string, fields: string, status: number])[] = [
  ['GET', 'css/site.css', '', 200],
  ['GET', 'css/site.css', 'Accept-Encoding: br\r\n', 200],
  ['GET', 'css/site.css', 'Accept-Encoding: gzip\r\n', 200],
  ['GET', 'HASHED', 'Accept-Encoding: br\r\n', 200],
  ['GET', 'css/site.css', 'Accept-Encoding: *;q=0\r\n', 406],
  ['HEAD', 'css/site.css', 'Accept-Encoding: *;q=0\r\n', 406],
  ['HEAD', 'css/site.css', 'Accept-Encoding: br\r\n', 200],
  ['HEAD', 'css/site.css', 'Range: bytes=0-0\r\n', 200],
  ['GET', 'css/site.css', 'If-None-Match: *\r\n', 304],
  ['GET', 'css/site.css', 'Accept-Encoding: br\r\nIf-None-Match: *\r\n', 304],
  ['GET', 'HASHED', 'If-None-Match: *\r\n', 304],
  ['GET', 'css/site.css', 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n', 304],
  ['HEAD', 'css/site.css', 'If-None-Match: *\r\n', 304],
  ['GET', 'css/site.css', 'If-Match: "x"\r\n', 412],
  ['HEAD', 'css/site.css', 'If-Match: "x"\r\n', 412],
  ['GET', 'css/site.css', 'Range: bytes=1-2\r\n', 206],
  ['GET', 'css/site.css', 'Accept-Encoding: br\r\nRange: bytes=-3\r\n', 206],
  ['GET', 'css/site.css', 'Range: bytes=0-1,5-6,-1\r\n', 206],
  ['GET', 'css/site.css', 'Range: bytes=99999-\r\n', 416],
  ['GET', 'css', '', 301],
  ['GET', 'css/', '', 200],
  ['GET', 'nope', '', 404],
  ['HEAD', 'nope', '', 404],
  ['POST', 'a.txt', '', 405],
  ['OPTIONS', 'a.txt', '', 204],
  ['GET', 'gone.png', '', 404],
  ['GET', 'other.png', '', 500],
]

for (const [way, options] of Object.entries({
  routed: {},
  short: { shortCircuit: true },
  streamed: { cache: false },
  'other headers': { cors: 'https://a.example', crossOriginResourcePolicy: 'same-site' },
}))
  test(`a checker of messages finds nothing wrong with any kind of answer (${way})`, async (context) => {
    const { port, app, root } = await startBuild(context, {
      ...{ lastModified: new Date(0), index: 'site.css', timingAllowOrigin: '*', ...options },
    })
    const fileOf = (name: string) => app.static(name).slice('/static/'.length)
    rmSync(join(root, fileOf('gone.png')))
    writeFileSync(join(root, fileOf('other.png')), 'cut')
    const ask = async (method: string, path: string, fields: string) => {
      const target = `/static/${path.replace('HASHED', fileOf('css/site.css'))}`
      const text = `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n`
      const [message] = parseMessages(await talk(port, text), [method])
      assert.ok(message !== undefined, text)
      return message
    }
    for (const [method, path, fields, status] of KINDS) {
      const message = await ask(method, path, fields)
      const asked = `${method} ${path} ${fields}`
      assert.equal(message.status, status, asked)
      assert.deepEqual(lintMessage(method, message), [], asked)
      const whole = await ask('GET', path, /Accept-Encoding: \w.*\r\n/.exec(fields)?.[0] ?? '')
      assert.deepEqual(lintAgainst(method, message, whole), [], asked)
      if (path.startsWith('css/')) assert.deepEqual(valuesOf(message, 'vary'), ['Accept-Encoding'], asked)
    }
  })

test('a request that comes byte by byte is answered, and one that is broken off harms nobody', async (context) => {
  const { port, get } = await startBuild(context)
  const text = 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const slow = await new Promise<string>((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', async () => {
      socket.setNoDelay(true)
      for (const byte of text) {
        socket.write(byte)
        await new Promise(setImmediate)
      }
    })
    socket.on('data', (piece) => {
      received += piece
    })
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
  })
  assert.match(slow, /^HTTP\/1\.1 200 /)
  for (let cut = 1; cut < text.length; cut += 7) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(text.slice(0, cut)))
      socket.on('close', () => resolve()).resume()
    })
  }
  assert.equal((await get('/static/a.txt')).status, 200)
})

/** The advisories on @fastify/static of 2026: requests that reached files behind a route that guards them. */
const ADVISORIES: readonly (readonly [id: string, about: string, targets: readonly string[]])[] = [
  [
    'GHSA-x428-ghpx-8j92',
    'encoded separators',
    ['admin%2Fplan.txt', 'admin%2fplan.txt', 'admin%5Cplan.txt', 'admin%252Fplan.txt', 'admin%2F/plan.txt'],
  ],
  [
    'GHSA-83w8-p2f5-377r',
    'dot-dot segments within the path',
    ['x/../admin/plan.txt', 'x/%2E%2E/admin/plan.txt', 'x/..%2Fadmin/plan.txt', 'css/.%2e/admin/plan.txt'],
  ],
  [
    'GHSA-423g-23ch-w7c6',
    'dot segments and empty segments',
    ['./admin/plan.txt', '/admin/plan.txt', '%2e/admin/plan.txt', './/admin/plan.txt', '/./admin/plan.txt'],
  ],
  [
    'GHSA-8pvw-jcv7-9cmj',
    'paths that are not canonical',
    ['admin%2F.%2Fplan.txt', 'ADMIN/plan.txt', 'admin;/plan.txt', 'admin%00/plan.txt', 'admin/plan.txt/'],
  ],
  [
    'GHSA-pr96-94w5-mx2h',
    'listings of folders',
    ['', '.', './', '..', '../', '%2e%2e/', '..%2f', 'css', 'css/', 'css/..', 'admin', 'css/../admin/'],
  ],
]

for (const [id, about, targets] of ADVISORIES) {
  test(`${about} lead past no guard and into no listing (${id})`, async (context) => {
    const app = Fastify()
    const top = makeTree(context)
    await writeBuild(top, { 'admin/plan.txt': SECRET, 'css/site.css': CSS })
    app.get('/static/admin/*', (_request, reply) => reply.code(403).send('guarded'))
    await app.register(fingerpost, { root: top })
    const { port } = await listen(context, app)
    for (const target of ['admin/plan.txt', '%61dmin/plan.txt', ...targets]) {
      const request = `GET /static/${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      const received = await talk(port, request)
      assert.ok(!received.includes(SECRET) && !received.includes('site.css'), target)
      const [answer] = parseMessages(received, [])
      assert.ok([400, 403, 404].includes(answer?.status ?? 0), `${target} → ${answer?.status}`)
    }
  })
}

test('a not-found answer repeats nothing of the request', async (context) => {
  const { get } = await startBuild(context)
  const answer = await get('/static/%3Cscript%3Ealert(1)%3C/script%3E')
  assert.deepEqual([answer.status, answer.body.toString()], [404, 'Not found\n'])
})
