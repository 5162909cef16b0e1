import { once } from 'node:events'
import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from '../../src/builder/build.ts'
import { run } from '../../src/cli/main.ts'
import { createOutput } from '../../src/cli/output.ts'
import { FingerpostError } from '../../src/core/error.ts'
import { writeTar } from '../../src/storage/tar.ts'
import { exchange, talk } from '../support/exchange.ts'
import { openSession } from '../support/http2-session.ts'
import { HUGE_BYTES, SECRET, type World } from './world.ts'

/** One round of something that strangers do. Throws where a server answers wrongly. */
export type Scenario = (world: World) => Promise<void>

const RANGES = Array.from({ length: 16 }, (_, n) => `${n * 700_000}-${n * 700_000 + 699_998}`).join(',')

/** Milliseconds without a byte after which a server counts as stuck: many scenarios share its processor. */
const QUIET_MS = 60_000

/** Where the big file is, over HTTP/1.1. */
const BIG = [
  ...(['/static/big.mp4', '/media/big.mp4', '/folder/big.mp4'] as const).map((url) => ['main', url] as const),
  ['live', '/static/big.mp4'],
  ['odd', '/media/big.mp4'],
] as const

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  async visits({ ports, random }) {
    const headers = random.oneIn(2) ? { 'accept-encoding': 'br' } : {}
    expect((await exchange(ports.main, `/static/f${random.below(30)}.css`, headers)).status, 200)
  },

  async 'builds, some with a damaged manifest'({ folders, random, rebuild }) {
    const damage = [
      '{',
      '{"version":1}',
      JSON.stringify({
        version: 1,
        url: '/static/',
        digest: '0',
        assets: { a: { file: 'a', type: 'a\u2028', size: 1, etag: '\u00e9' } },
      }),
    ]
    if (random.oneIn(3)) writeFileSync(join(folders.build, 'manifest.json'), damage[random.below(3)] ?? '')
    await sleep(500)
    await rebuild(random.below(100))
    await sleep(500)
  },

  async 'slow readers that leave'({ ports, random }) {
    const [server, url] = BIG[random.below(BIG.length)] ?? BIG[0]
    const socket = await open(ports[server], get(url))
    socket.once('data', () => socket.pause())
    await sleep(20 + random.below(300))
    socket.destroy()
  },

  async 'pipelined requests without a reader'({ ports, random }) {
    const [server, url] = BIG[random.below(BIG.length)] ?? BIG[0]
    const request = random.oneIn(2) ? get(url).repeat(1500) : get(url, `Range: bytes=${RANGES}`).repeat(700)
    const socket = await open(ports[server], request)
    await Promise.race([once(socket, 'readable'), sleep(2000)])
    await sleep(random.below(200))
    socket.resetAndDestroy()
    await sleep(1000)
  },

  async 'streams of HTTP/2 without a reader'({ ports, random }) {
    const { session, cut } = await openSession(ports.http2)
    for (let n = 0; n < 200; n++) {
      const url = random.oneIn(2) ? '/static/big.mp4' : '/media/big.mp4'
      session.request({ ':path': url, range: `bytes=${RANGES}` }).on('error', () => undefined)
    }
    await sleep(50 + random.below(200))
    cut()
    await sleep(1000)
  },

  async 'streams of HTTP/2 that are reset in the middle'({ ports, random }) {
    const { session, cut } = await openSession(ports.http2)
    for (let n = 0; n < 40; n++) {
      const stream = session.request({ ':path': random.oneIn(2) ? '/static/big.mp4' : '/media/big.mp4' })
      stream.on('error', () => undefined)
      await once(stream, 'response')
      stream.close(random.oneIn(2) ? constants.NGHTTP2_CANCEL : constants.NGHTTP2_NO_ERROR)
    }
    const last = session.request({ ':path': '/static/big.mp4', range: 'bytes=0-9' })
    expect(Buffer.concat(await last.toArray()).length, 10)
    cut()
  },

  async 'names nobody has asked for'({ ports, random }) {
    const name = `${random.below(1e9)}/${random.below(1e9)}`
    const [server, url] = BIG[random.below(BIG.length)] ?? BIG[0]
    const fields = `Accept-Encoding: ${name}\r\nOrigin: https://${name}\r\nCookie: a=${name}\r\nX-Forwarded-Host: ${name}`
    const requests = [`${url}/${name}`, `/media/${name}.png`, `/static/${name}`, `/static/f1.css?${name}`]
    await talk(
      ports[server],
      `${requests.map((each) => head(each, fields)).join('')}${last('/none')}`,
      QUIET_MS,
    )
  },

  async 'sources that are hard to read'({ ports, folders, random }) {
    const texts = {
      'hard.js': `import.meta ${'/'.repeat(100_000)}\nimport.meta.url`,
      'hard.css': '@import url('.repeat(20_000),
      'hard.svg': `<svg>${'<a href="'.repeat(20_000)}`,
      'hard.webmanifest': `{"${'k'.repeat(100_000)}":[${'1,'.repeat(50_000)}1]}`,
    }
    const [name = '', text = ''] = Object.entries(texts)[random.below(4)] ?? []
    writeFileSync(join(folders.sources, name), text)
    expect((await exchange(ports.live, `/static/${name}`, { host: 'localhost' })).status, 200)
  },

  async 'uploads that stall'({ ports, random }) {
    const socket = await open(
      ports.main,
      `${form([['a.txt', 'x'.repeat(random.below(2000))]]).slice(0, -20)}`,
    )
    const [, ended] = [socket.resume(), once(socket, 'close')]
    if (random.oneIn(3)) socket.resetAndDestroy()
    if ((await Promise.race([ended, sleep(QUIET_MS, 'open')])) === 'open')
      throw new Error('a stalled upload is kept')
  },

  async 'uploads that trickle in'({ ports, putLink, random }) {
    const put = `PUT ${await putLink('slow.txt')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n`
    const socket = await open(
      ports.main,
      random.oneIn(2) ? put : form([['a.txt', 'x'.repeat(9000)]]).slice(0, 250),
    )
    const timer = setInterval(() => socket.write('x'), 200)
    const ended = new Promise((resolve) => socket.resume().once('close', resolve))
    if ((await Promise.race([ended, sleep(QUIET_MS, 'open')])) === 'open')
      throw new Error('an upload may take for ever')
    clearInterval(timer)
  },

  async 'a PUT that stalls'({ ports, putLink, random }) {
    const put = `PUT ${await putLink('put.txt')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n`
    const socket = await open(ports.main, put + 'x'.repeat(random.below(2000)))
    socket.resume()
    if ((await Promise.race([once(socket, 'close'), sleep(QUIET_MS, 'open')])) === 'open')
      throw new Error('a stalled PUT is kept')
  },

  async 'uploads over HTTP/2 that stall or are reset'({ ports, putLink, random }) {
    const { session, cut } = await openSession(ports.http2)
    const length = { 'content-length': 9000 }
    const form = { ':method': 'POST', ':path': '/form', 'content-type': 'multipart/form-data; boundary=b' }
    const put = { ':method': 'PUT', ':path': await putLink('put2.txt') }
    const statuses = Array.from({ length: 6 }, async (_, n) => {
      const stream = session.request({ ...(n < 3 ? form : put), ...length }, { endStream: false })
      stream.on('error', () => undefined).resume()
      stream.write(`${PART_HEAD}${'x'.repeat(random.below(2000))}`)
      if (n % 3 === 0) stream.close(constants.NGHTTP2_CANCEL)
      else if (n % 3 === 1) stream.destroy()
      else return Number((await once(stream, 'response'))[0][':status'])
      return undefined
    })
    const pings = setInterval(() => session.ping(() => undefined), 100)
    const answered = await Promise.race([Promise.all(statuses), sleep(QUIET_MS, undefined)])
    clearInterval(pings)
    cut()
    if (answered?.some((status) => status !== undefined && status !== 408) !== false)
      throw new Error(`stalled uploads are answered with ${answered}`)
  },

  async 'downloads that stall'({ ports, closed, random }) {
    const server = random.oneIn(2) ? 'main' : 'odd'
    const socket = await open(ports[server], get('/media/huge.mp4'))
    let received = 0
    socket.on('data', ({ length }) => {
      received += length
    })
    await once(socket, 'data')
    socket.pause()
    if ((await Promise.race([closed(server, socket), sleep(QUIET_MS, 'open')])) === 'open')
      throw new Error('a stalled download is kept')
    if (!socket.closed) await new Promise((resolve) => socket.resume().once('close', resolve))
    // Answered to its end, the connection closes too, once it is idle.
    if (received >= HUGE_BYTES) throw new Error('a client that takes nothing is sent everything')
  },

  async 'forms whose second file is refused'({ ports }) {
    const files = [
      ['a.txt', 'fine'],
      ['b.png', 'no picture'],
    ] as const
    expect((await talk(ports.main, form(files), QUIET_MS)).toString().slice(9, 12), '400')
    expect((await talk(ports.main, form(files.slice(0, 1)), QUIET_MS)).toString().slice(9, 12), '200')
  },

  async 'other spellings of guarded names'({ ports, random }) {
    const spelled = [...'@team/plan.txt'].map((letter) => {
      const hex = `%${letter.charCodeAt(0).toString(16)}`
      return random.oneIn(3) ? (random.oneIn(2) ? hex : hex.toUpperCase()) : letter
    })
    const start = ['/static/', '/media/', '//media/', '/static/./', '/media/x/../'][random.below(5)]
    const received = await talk(ports.main, last(`${start}${spelled.join('')}`), QUIET_MS)
    if (received.includes(SECRET)) throw new Error(`${spelled.join('')} passes the guard`)
  },

  async 'private names in other spellings'({ ports, random }) {
    const name = random.oneIn(2) ? 'private/plan.txt' : '@team/plan.txt'
    const spelled = [...name].map((letter) => {
      const other = random.pick([letter.toUpperCase(), OTHER_LETTERS[letter] ?? letter, letter])
      return random.oneIn(4)
        ? [...Buffer.from(other)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        : encodeURI(other)
    })
    const end = random.pick(['', '.', '%20', '::$DATA', '/', '%00'])
    const received = await talk(ports.caseless, last(`/media/${spelled.join('')}${end}`), QUIET_MS)
    if (received.includes(SECRET)) throw new Error(`${spelled.join('')}${end} opens a private file`)
  },

  async 'hosts that a client claims'({ ports, random }) {
    const evil = `h${random.below(1e9)}.evil`
    const names = [
      'X-Forwarded-Host',
      'x-forwarded-host',
      'Forwarded',
      'X-Forwarded-For',
      'X-Host',
      'X_Forwarded_Host',
    ]
    const fields = names.map((name) => `${name}: ${name === 'Forwarded' ? 'host=' : ''}${evil}`).join('\r\n')
    const received = await talk(ports.proxied, last('/absolute', fields), QUIET_MS)
    expect(received.toString().slice(9, 12), '200')
    // Without nginx in front, the app trusts whom it is told to.
    if (received.includes('Server: nginx') && received.includes(evil))
      throw new Error('a client chose the host')
  },

  async 'earlier builds that are forged'({ folders, random }) {
    const place = join(folders.outside, 'previous.tar')
    writeFileSync(place, await forgeArchive(random))
    const out = join(folders.outside, 'out')
    const options = {
      sources: [folders.sources],
      out,
      cache: false,
      previous: place,
      encodings: [],
      onMissing: 'warn',
    } as const
    await build(options).catch((error: unknown) => {
      if (!(error instanceof FingerpostError)) throw error
    })
    expect(
      readdirSync(folders.outside)
        .filter((name) => name !== 'out')
        .join(),
      '@team,a.txt,previous.tar',
    )
    const odd = existsSync(out)
      ? readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
          /(?:^|\/)\.(?!fingerpost)/.test(name),
        )
      : []
    expect(odd.join(), '')
    rmSync(out, { recursive: true, force: true })
  },

  async 'names that move a terminal'({ ports, folders, random, obeyed }) {
    const name = Array.from({ length: 3 }, () =>
      random.pick(['\u001b]0;x\u0007', '\u009b2J', '\u202e', '\u007f', 'a']),
    ).join('')
    writeFileSync(join(folders.sources, 'names.css'), `a{background:url("${encodeURI(name)}.png")}`)
    await exchange(ports.live, '/static/names.css', { host: 'localhost' })
    for (const path of ['/media/', '/static/']) await exchange(ports.main, path + encodeURIComponent(name))
    const written: string[] = []
    const output = () =>
      createOutput({ write: (text: string) => written.push(text), isTTY: false, columns: 80 }, {})
    const context = {
      stdin: () => Readable.from([]),
      stdout: output(),
      stderr: output(),
      signal: AbortSignal.timeout(QUIET_MS),
      now: Date.now,
    }
    await run(
      random.pick([['find', name, folders.sources], ['why', '--root', folders.build, name], [name]]),
      { cwd: folders.outside, ...context },
    )
    if (/[\u0007\u001b\u007f-\u009f\u202a-\u202e]/.test(written.join('')))
      throw new Error(`printed: ${JSON.stringify(written)}`)
    expect(obeyed(), undefined)
  },

  async 'ranges that the storage ignores'({ ports, random }) {
    const start = random.below(10_000_000)
    const received = await talk(
      ports.odd,
      last('/media/big.mp4', `Range: bytes=${start}-${start + 9}`),
      QUIET_MS,
    )
    // What was announced was ten bytes; where they aren't known to be the right ones, the answer is another.
    const body = received.length - received.indexOf('\r\n\r\n') - 4
    if (received.includes('HTTP/1.1 206') && body > 10) throw new Error(`${body} bytes for 10`)
  },

  async 'hosts and tickets that are unknown'({ ports, random }) {
    const host = `h${random.below(1e9)}.example`
    expect((await exchange(ports.live, '/static/big.mp4', { host })).status, 403)
    expect((await exchange(ports.odd, `/ticket?ticket=${random.below(1e9)}.${host}`)).status, 403)
  },

  async 'a folder that becomes a link'({ ports, folders }) {
    const [folder, aside] = [join(folders.media, 'swap'), join(folders.media, 'aside')]
    const asked = Array.from({ length: 3 }, () => exchange(ports.main, '/media/swap/a.txt'))
    await sleep(0)
    renameSync(folder, aside)
    symlinkSync(folders.outside, folder)
    asked.push(...Array.from({ length: 4 }, () => exchange(ports.main, '/media/swap/a.txt')))
    await sleep(0)
    rmSync(folder)
    renameSync(aside, folder)
    for (const { body } of await Promise.all(asked))
      if (body.includes(SECRET)) throw new Error('a link that leads out is followed')
  },
}

/** What disks or careless comparisons take for the same letters. */
const OTHER_LETTERS: Readonly<Record<string, string>> = {
  i: '\u0131',
  p: '\uff50',
  t: '\uff34',
  '@': '\uff20',
  '/': '%2f',
  n: 'n\u0301',
}

/** An archive of a build with a file that no build writes, or with a few bytes changed. */
async function forgeArchive(random: World['random']): Promise<Buffer> {
  const file = random.pick([
    '../a.txt',
    '.htaccess',
    '.fingerpost/lock',
    'manifest.json',
    '..\\a.txt',
    'a.0123456789abcdef.css',
  ])
  const asset = { file, size: 1, type: 'text/css', etag: 'e', integrity: 'i', encodings: {} }
  const manifest = { version: 1, url: '/', digest: '0', assets: { [random.pick([file, 'a.css'])]: asset } }
  const files = [
    { name: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) },
    { name: file, bytes: Buffer.from('x') },
  ]
  const archive = Buffer.concat(await Readable.from(writeTar(Readable.from(files))).toArray())
  // Mostly in the headers: names, sizes, checksums.
  for (let n = random.below(4); n > 0; n--)
    archive[random.below(2) * 1024 + random.below(160)] = random.below(256)
  return archive
}

const PART_HEAD = '--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'

function head(url: string, fields = 'X: y'): string {
  return `GET ${url} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n`
}

function get(url: string, fields?: string): string {
  return head(url, fields)
}

function last(url: string, fields = 'X: y'): string {
  return head(url, `${fields}\r\nConnection: close`)
}

function form(files: readonly (readonly [name: string, content: string])[]): string {
  const parts = files.map(
    ([name, content]) =>
      `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${content}\r\n`,
  )
  const body = `${parts.join('')}--b--\r\n`
  const fields = [
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `POST /form HTTP/1.1\r\nHost: localhost\r\n${fields.join('\r\n')}\r\n\r\n${body}`
}

async function open(port: number, request: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(request)
  return socket
}

function expect<T>(actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${actual} instead of ${expected}`)
}
