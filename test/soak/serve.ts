// Serves while builds change, clients break off and others read slowly: node --expose-gc --import tsx test/soak/serve.ts SECONDS
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { exchange } from '../support/exchange.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { createRandom } from '../support/random.ts'

const SECONDS = Number(process.argv[2] ?? 600)
/** Growth of heap and buffers after the first fifth of the run that counts as a leak. */
const MOST_GROWTH_BYTES = 5_000_000
const MOST_MORE_DESCRIPTORS = 5

const root = mkdtempSync(join(tmpdir(), 'fingerpost-soak-'))
const random = createRandom(1)
const big = randomBytes(12_000_000)
const filesOf = (round: number) => ({
  'big.png': big,
  ...Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`f${n}.css`, `/* ${round % 7} ${n} */`.repeat(2000)]),
  ),
})

await writeBuild(root, filesOf(0))
const app = Fastify()
await app.register(fingerpost, { root, watch: { intervalMs: 100 }, cache: { maxBytes: 4_000_000 } })
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as { port: number }
const end = Date.now() + SECONDS * 1000
let requests = 0

/** Asks and reads everything. */
async function visit(): Promise<void> {
  while (Date.now() < end) {
    const headers = random.oneIn(2) ? { 'accept-encoding': 'br' } : {}
    const { status } = await exchange(port, `/static/f${random.below(30)}.css`, headers)
    if (status !== 200) throw new Error(`status ${status}`)
    requests++
  }
}

/** Begins to read the big file, slowly or not at all, and leaves. */
async function dawdle(): Promise<void> {
  while (Date.now() < end) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /static/big.png HTTP/1.1\r\nHost: x\r\n\r\n')
    })
    socket.on('error', () => undefined)
    socket.once('data', () => socket.pause())
    await sleep(20 + random.below(300))
    socket.destroy()
    requests++
  }
}

async function rebuild(): Promise<void> {
  for (let round = 1; Date.now() < end; round++) {
    await writeBuild(root, filesOf(round))
    await sleep(500)
  }
}

/** The least of ten looks in two seconds: what is on its way to a reader comes and goes, what leaks is always there. */
async function measure() {
  const looks: { readonly bytes: number; readonly descriptors: number }[] = []
  for (let look = 0; look < 10; look++) {
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    looks.push({ bytes: heapUsed + external, descriptors: readdirSync('/proc/self/fd').length })
    await sleep(200)
  }
  const least = (values: readonly number[]) => Math.min(...values)
  return {
    bytes: least(looks.map(({ bytes }) => bytes)),
    descriptors: least(looks.map(({ descriptors }) => descriptors)),
  }
}

const work = [visit(), visit(), visit(), dawdle(), dawdle(), dawdle(), dawdle(), rebuild()]
await sleep((SECONDS * 1000) / 5)
const before = await measure()
await Promise.all(work)
await sleep(500)
const after = await measure()
const stats = app.staticStats()
await app.close()
rmSync(root, { recursive: true })
console.log({ requests, before, after, stats })
if (
  after.bytes - before.bytes > MOST_GROWTH_BYTES ||
  after.descriptors - before.descriptors > MOST_MORE_DESCRIPTORS ||
  stats.damaged > 0
)
  throw new Error('something leaks')
