import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { parseManifest } from '../../src/core/manifest/manifest.ts'
import fingerpost from '../../src/index.ts'
import { exchange, listen, start } from '../support/exchange.ts'
import { makeBuild, writeBuild } from '../support/fixture-build.ts'

const BIG = randomBytes(1_000_000)

async function startWith(context: TestContext, options: object) {
  const root = await makeBuild(context, { 'big.bin.png': BIG, 'a.css': 'a{color:red}'.repeat(99) })
  const { assets } = parseManifest(readFileSync(join(root, 'manifest.json'), 'utf8'), 'manifest.json')
  const fileOf = (path: string, suffix = '') => join(root, (assets.get(path)?.file ?? '') + suffix)
  return { root, fileOf, ...(await start(context, { root, watch: false, ...options })) }
}

/** Streamed, since nothing is kept; and from memory. */
const MODES = { streamed: { cache: false }, kept: {} } as const

/** What can happen to a file, and the status that follows. */
const DAMAGES: Readonly<Record<string, readonly [(file: string) => void, status: number]>> = {
  removed: [(file) => rmSync(file), 404],
  emptied: [(file) => truncateSync(file, 0), 500],
  'replaced by other bytes of its length': [(file) => writeFileSync(file, randomBytes(BIG.length)), 500],
  'replaced by a folder': [
    (file) => {
      rmSync(file)
      mkdirSync(file)
    },
    500,
  ],
  'replaced by a FIFO': [
    (file) => {
      rmSync(file)
      execFileSync('mkfifo', [file])
    },
    500,
  ],
}

for (const [mode, options] of Object.entries(MODES)) {
  for (const [damage, [harm, status]] of Object.entries(DAMAGES)) {
    test(`a file ${damage} never becomes an answer (${mode})`, async (context) => {
      const { app, port, fileOf } = await startWith(context, options)
      harm(fileOf('big.bin.png'))
      const url = app.static('big.bin.png')
      // Of a streamed file that is wrong only in its content the end is withheld: the length was promised before.
      if (mode === 'streamed' && damage.includes('other bytes')) {
        await assert.rejects(exchange(port, url), { code: 'ECONNRESET' })
      } else {
        const answer = await exchange(port, url)
        assert.equal(answer.status, status)
        assert.equal(answer.headers['cache-control'], 'no-store')
        assert.ok(!answer.body.includes('/'), 'no path leaks')
      }
      assert.equal((await exchange(port, '/static/a.css')).status, 200)
      assert.equal(app.staticStats().damaged, 1)
    })
  }
}

for (const [mode, options] of Object.entries(MODES)) {
  test(`what is answered instead carries the headers of hooks too (${mode})`, async (context) => {
    const app = Fastify()
    app.addHook('onRequest', async (_request, reply) => void reply.header('X-Request', '7'))
    const root = await makeBuild(context, { 'big.png': BIG, 'a.css': 'a{color:red}'.repeat(99) })
    await app.register(fingerpost, { root, ...options })
    const { get } = await listen(context, app)
    rmSync(join(root, app.static('big.png').replace('/static/', '')))
    rmSync(join(root, `${app.static('a.css').replace('/static/', '')}.br`))
    const gone = await get('/static/big.png')
    const instead = await get('/static/a.css', { 'accept-encoding': 'br' })
    assert.deepEqual([gone.status, gone.headers['x-request']], [404, '7'])
    assert.deepEqual([instead.status, instead.headers['x-request']], [200, '7'])
  })
}

test('a file cut short while it is streamed ends the connection, not the framing', async (context) => {
  const { app, port, fileOf } = await startWith(context, { cache: false })
  const url = app.static('big.bin.png')
  const received = await new Promise<Buffer>((resolve) => {
    const pieces: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`))
    socket.once('data', (piece) => {
      pieces.push(piece)
      truncateSync(fileOf('big.bin.png'), 300_000)
      socket.on('data', (next) => pieces.push(next))
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(pieces)))
  })
  const text = received.toString('latin1')
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(text, /content-length: 1000000/i)
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
  const body = received.subarray(text.indexOf('\r\n\r\n') + 4)
  assert.ok(body.equals(BIG.subarray(0, body.length)), 'only bytes of the file')
})

test('a damaged sibling is answered with the bytes as they are', async (context) => {
  const { fileOf, get, app } = await startWith(context, {})
  writeFileSync(fileOf('a.css', '.br'), 'not brotli')
  const answer = await get(app.static('a.css'), { 'accept-encoding': 'br' })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-encoding'], undefined)
  assert.match(answer.body.toString(), /^a\{color:red\}/)
})

for (const [mode, options] of Object.entries(MODES)) {
  test(`who asks for a part of a sibling that is gone gets the whole as it is (${mode})`, async (context) => {
    const { fileOf, get, app } = await startWith(context, options)
    rmSync(fileOf('a.css', '.br'))
    for (const range of ['bytes=0-1', 'bytes=0-1,4-5']) {
      const answer = await get(app.static('a.css'), { 'accept-encoding': 'br', range })
      assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, undefined])
      assert.equal(answer.body.toString(), 'a{color:red}'.repeat(99))
    }
  })
}

test('a damaged file is logged with its code, once for each build, and counted each time', async (context) => {
  const root = await makeBuild(context, { 'big.png': BIG })
  const logged: { readonly level: number; readonly err: { readonly code: string } }[] = []
  const stream = { write: (line: string) => void logged.push(JSON.parse(line)) }
  const { app, get } = await start(context, { root, watch: false }, { logger: { level: 'error', stream } })
  const damage = () => writeFileSync(join(root, app.static('big.png').replace('/static/', '')), 'wrong')
  damage()
  for (let round = 0; round < 3; round++) assert.equal((await get(app.static('big.png'))).status, 500)
  assert.deepEqual(
    logged.map(({ level, err }) => [level, err.code]),
    [[50, 'FP_DAMAGED']],
  )
  assert.equal(app.staticStats().damaged, 3)

  await writeBuild(root, { 'big.png': BIG, 'new.txt': '' })
  assert.equal(await app.staticReload(), true)
  damage()
  assert.equal((await get(app.static('big.png'))).status, 500)
  assert.equal(logged.length, 2)
})

test('a file that is streamed is closed, whatever becomes of the answer', {
  timeout: 20_000,
}, async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  const { root, port, fileOf } = await startWith(context, { cache: false })
  const isOpen = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(root)
    } catch {
      return false
    }
  }
  const allClosed = async () => {
    while (readdirSync('/proc/self/fd').some(isOpen)) await sleep(5)
  }
  const ask = (headers = {}) => exchange(port, '/static/big.bin.png', headers).catch(() => undefined)
  for (let round = 0; round < 5; round++) await Promise.all([ask(), ask({ range: 'bytes=5-' })])
  await allClosed()
  writeFileSync(fileOf('big.bin.png'), randomBytes(BIG.length))
  for (let round = 0; round < 5; round++) await ask()
  await allClosed()
  truncateSync(fileOf('big.bin.png'), 500_000)
  for (let round = 0; round < 5; round++) await ask()
  await allClosed()
})

test('a file that is put right is served again', async (context) => {
  const { fileOf, get, app } = await startWith(context, {})
  writeFileSync(fileOf('big.bin.png'), 'wrong')
  assert.equal((await get(app.static('big.bin.png'))).status, 500)
  writeFileSync(fileOf('big.bin.png'), BIG)
  assert.deepEqual((await get(app.static('big.bin.png'))).body, BIG)
})
