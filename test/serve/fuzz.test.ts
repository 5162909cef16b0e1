import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ENCODINGS, variantPath } from '../../src/core/encoding.ts'
import type { Manifest } from '../../src/core/manifest/manifest.ts'
import { start, talk } from '../support/exchange.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { lintMessage } from '../support/http-lint.ts'
import { type Message, parseMessages, valuesOf } from '../support/http-message.ts'
import { createRandom, type Random } from '../support/random.ts'
import { makeTree } from '../support/tree.ts'

/** The full run is `FINGERPOST_FUZZ_REQUESTS=100000 npm test -- fuzz`; another seed makes other requests. */
const REQUESTS = Number(process.env['FINGERPOST_FUZZ_REQUESTS'] ?? 2000)
const SEED = Number(process.env['FINGERPOST_FUZZ_SEED'] ?? 20261120)
const PIPELINED = 20
const SECRET = 'SECRET-5d41402a'

interface Request {
  readonly method: string
  readonly text: string
}

const FILES = {
  'css/site.css': 'a{color:red}'.repeat(200),
  'js/app.min.js': 'export const x = 1\n'.repeat(50),
  'img/ü b.png': Buffer.from(Array.from({ length: 300 }, (_, n) => n % 256)),
  'empty.txt': '',
  LICENSE: 'MIT',
}

/** Every byte sequence that may leave, by its entity tag. */
function representationsOf(root: string, manifest: Manifest): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const asset of manifest.assets.values()) {
    found.set(`"${asset.etag}"`, readFileSync(join(root, asset.file)))
    for (const encoding of ENCODINGS) {
      const variant = asset.encodings[encoding]
      if (variant) found.set(`"${variant.etag}"`, readFileSync(join(root, variantPath(asset.file, encoding))))
    }
  }
  return found
}

function makeTarget(random: Random, urls: readonly string[]): string {
  const known = urls[random.below(urls.length)] ?? '/'
  if (!random.oneIn(3)) return known
  const cut = random.below(known.length)
  const piece = random.pick([
    ...[
      '..',
      '/',
      '//',
      '%2e%2e',
      '%2f',
      '%00',
      '%',
      '%zz',
      '%c0%ae',
      '\\',
      ';',
      '?',
      '?a=%',
      '#',
      '~',
      '.br',
      '.gz',
    ],
    ...[
      'manifest.json',
      'history.json',
      '../secret.txt',
      'é',
      '%C3%BC',
      'A',
      '0',
      '+',
      '@',
      ':',
      '*',
      '[',
      '"',
      '{',
    ],
  ] as [string, ...string[]])
  return known.slice(0, cut) + piece + known.slice(random.oneIn(2) ? cut : cut + 1)
}

function makeField(random: Random, tags: readonly string[]): string {
  const tag = tags[random.below(tags.length)] ?? '"x"'
  const n = () => random.below(3000)
  const coding = () =>
    random.pick(['br', 'gzip', 'zstd', 'identity', '*', 'deflate', 'x-gzip', 'BR', '', ' '])
  const weight = () =>
    random.pick(['', ';q=0', ';q=1', ';q=0.5', ';q=1.000', ';q=2', ';q=', ';x=y', ' ; q=0.1'])
  return random.pick<() => string>([
    () =>
      `Accept-Encoding: ${Array.from({ length: random.below(6) }, () => coding() + weight()).join(random.pick([',', ', ', ' ,']))}`,
    () =>
      `Range: ${random.pick(['bytes', 'bytes', 'bytes', 'items', ''])}=${Array.from({ length: 1 + random.below(4) }, () => random.pick([`${n()}-${n()}`, `${n()}-`, `-${n()}`, '0-0', '-', 'a-b', ''])).join(',')}`,
    () => `If-None-Match: ${random.pick([tag, `W/${tag}`, `"a", ${tag}`, '*', tag.slice(1), '"'])}`,
    () => `If-Match: ${random.pick([tag, `W/${tag}`, '*', '"nope"', ''])}`,
    () => `If-Range: ${random.pick([tag, `W/${tag}`, 'Sat, 29 Oct 1994 19:43:31 GMT', 'x'])}`,
    () =>
      `If-Modified-Since: ${random.pick(['Sat, 29 Oct 1994 19:43:31 GMT', 'Fri, 01 Jan 2100 00:00:00 GMT', '0', 'never'])}`,
    () => `If-Unmodified-Since: ${random.pick(['Sat, 29 Oct 1994 19:43:31 GMT', 'x'])}`,
    () => `Cache-Control: ${random.pick(['no-cache', 'max-age=0', 'only-if-cached'])}`,
    () => `X-Junk: ${'\t!~\x80\xff'.repeat(random.below(20))}`,
    () => `Origin: ${random.pick(['null', 'https://x.example', ''])}`,
  ])()
}

function makeRequest(
  random: Random,
  urls: readonly string[],
  tags: readonly string[],
  last: boolean,
): Request {
  const method = random.pick(['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'])
  const fields = Array.from({ length: random.below(5) }, () => makeField(random, tags))
  const length = method === 'POST' ? ['Content-Length: 0'] : []
  const lines = [`${method} ${makeTarget(random, urls)} HTTP/1.1`, 'Host: x', ...length, ...fields]
  if (last) lines.push('Connection: close')
  return { method, text: `${lines.join('\r\n')}\r\n\r\n` }
}

/** Throws unless the answer is one that may be given, whatever was asked. */
function judge(method: string, message: Message, representations: ReadonlyMap<string, Buffer>): void {
  const { status, body } = message
  assert.ok(status >= 200 && status < 500, `status ${status}`)
  assert.ok(!body.includes(SECRET), 'a secret leaks')
  // What Node and Fastify themselves refuse is in their form.
  if (status !== 400 && !(status === 404 && valuesOf(message, 'cache-control').length === 0))
    assert.deepEqual(lintMessage(method, message), [])
  if (method !== 'GET' || (status !== 200 && status !== 206)) return
  const [tag = ''] = valuesOf(message, 'etag')
  const bytes = representations.get(tag)
  assert.ok(bytes !== undefined, `no representation has the tag ${tag}`)
  if (status === 200) assert.ok(body.equals(bytes), 'other bytes than the manifest promises')
  else for (const { range, piece } of partsOf(message)) assert.ok(piece.equals(bytes.subarray(...range)))
}

interface Piece {
  /** As `subarray` takes it. */
  readonly range: readonly [start: number, end: number]
  readonly piece: Buffer
}

function partsOf(message: Message): readonly Piece[] {
  const [single] = valuesOf(message, 'content-range')
  if (single !== undefined) return [{ range: parseContentRange(single), piece: message.body }]
  const boundary = /boundary=(\w+)/.exec(valuesOf(message, 'content-type').join())?.[1]
  const text = message.body.toString('latin1')
  assert.ok(text.startsWith(`--${boundary}\r\n`) && text.endsWith(`\r\n--${boundary}--\r\n`))
  const sections = text.slice(0, -`\r\n--${boundary}--\r\n`.length).split(`--${boundary}\r\n`).slice(1)
  return sections.map((section, index) => {
    const [head, content] = splitOnce(section, '\r\n\r\n')
    const range = parseContentRange(/Content-Range: (.*)/.exec(head)?.[1] ?? '')
    const end = index === sections.length - 1 ? content.length : content.length - 2
    return { range, piece: Buffer.from(content.slice(0, end), 'latin1') }
  })
}

function splitOnce(text: string, by: string): readonly [string, string] {
  const at = text.indexOf(by)
  return [text.slice(0, at), text.slice(at + by.length)]
}

function parseContentRange(value: string): readonly [start: number, end: number] {
  const match = /^bytes (\d+)-(\d+)\//.exec(value)
  assert.ok(match !== null, value)
  return [Number(match[1]), Number(match[2]) + 1]
}

async function startFuzzed(context: TestContext, options: object) {
  const root = join(makeTree(context, { 'secret.txt': SECRET, out: { 'secret.txt': SECRET } }), 'out')
  const manifest = await writeBuild(root, FILES)
  writeFileSync(join(root, 'history.json'), `{"note":"${SECRET}"}`)
  const running = await start(context, { root, watch: false, ...options })
  const names = [...manifest.assets].flatMap(([path, { file }]) => [path, file])
  const urls = names.map((name) => `/static/${name.split('/').map(encodeURIComponent).join('/')}`)
  return { ...running, urls, representations: representationsOf(root, manifest) }
}

for (const [way, options] of Object.entries({
  routed: {},
  short: { shortCircuit: true },
  streamed: { cache: false },
})) {
  test(`whatever is asked, only promised bytes leave (${way}, seed ${SEED})`, async (context) => {
    const { port, urls, representations, get } = await startFuzzed(context, options)
    const random = createRandom(SEED)
    const tags = [...representations.keys()]
    for (let sent = 0; sent < REQUESTS / 3; sent += PIPELINED) {
      const batch = Array.from({ length: PIPELINED }, (_, n) =>
        makeRequest(random, urls, tags, n === PIPELINED - 1),
      )
      const text = batch.map((each) => each.text).join('')
      const methods = batch.map((each) => each.method)
      try {
        const messages = parseMessages(await talk(port, Buffer.from(text, 'latin1'), 5000), methods)
        // A request that Node can't read ends the connection; those before it are answered all the same.
        assert.ok(
          messages.length === PIPELINED || messages.at(-1)?.status === 400,
          `${messages.length} answers`,
        )
        for (const [n, message] of messages.entries()) judge(methods[n] ?? 'GET', message, representations)
      } catch (error) {
        throw new Error(`request ${sent} of seed ${SEED}:\n${JSON.stringify(text)}`, { cause: error })
      }
    }
    assert.equal((await get('/static/LICENSE')).body.toString(), 'MIT')
  })
}

test('bytes that are no requests at all end their connection and nothing else', async (context) => {
  const { port, urls, get } = await startFuzzed(context, {})
  const random = createRandom(SEED)
  for (let round = 0; round < 40; round++) {
    const request = Buffer.from(
      `GET ${urls[round % urls.length]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    for (let harm = 0; harm < 1 + (round % 5); harm++)
      request[random.below(request.length)] = random.below(256)
    const received = await talk(port, request, 100).catch(() => Buffer.alloc(0))
    assert.ok(!received.includes(SECRET) && !/^HTTP\/1\.1 5/.test(received.toString('latin1')))
  }
  assert.equal((await get('/static/LICENSE')).status, 200)
})
