import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { brotliDecompressSync } from 'node:zlib'
import { build } from '../../src/build.ts'
import { formatHistory, HISTORY_FILE, type RetiredAsset } from '../../src/core/manifest/history.ts'
import { createFolderSource } from '../../src/serve/manifest-source.ts'
import { createReloader } from '../../src/serve/reload.ts'
import type { Site } from '../../src/serve/site.ts'
import { start } from '../support/exchange.ts'
import { makeBuild, writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const FIRST = { 'a.txt': 'first', 'gone.txt': 'only here' }
const SECOND = { 'a.txt': 'second', 'new.txt': 'new' }

/** A log that a test can read. */
function createLog() {
  const lines: { readonly level: number; readonly msg: string }[] = []
  const arrived = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      arrived.emit('line')
      done()
    },
  })
  return { lines, arrived, logger: { level: 'info', stream: arrived } }
}

async function startFirst(context: TestContext, options: object = {}) {
  const log = createLog()
  const root = await makeBuild(context, FIRST)
  return { log, root, ...(await start(context, { root, watch: false, ...options }, { logger: log.logger })) }
}

test('a new build is taken into service whole, and old hashed names keep answering', async (context) => {
  const { app, get, root } = await startFirst(context)
  const old = app.static('gone.txt')
  assert.equal(await app.staticReload(), false)
  await writeBuild(root, SECOND)
  assert.equal(await app.staticReload(), true)
  assert.equal((await get(app.static('a.txt'))).body.toString(), 'second')
  assert.equal((await get('/static/a.txt')).body.toString(), 'second')
  assert.equal((await get(app.static('new.txt'))).body.toString(), 'new')
  assert.equal((await get(old)).body.toString(), 'only here')
  assert.equal((await get('/static/gone.txt')).status, 404)
  assert.throws(() => app.static('gone.txt'), { code: 'FP_UNKNOWN_NAME' })
  assert.deepEqual([app.staticStats().assets, app.staticStats().reloads], [2, 1])
})

test('a sibling that a new build compressed otherwise is sent whole, though the old one is in memory', async (context) => {
  const text = 'abcdefgh, one two three; '.repeat(40) + 'rats live on no evil star. '.repeat(70)
  const folder = makeTree(context, { sources: { 'a.txt': text } })
  const root = join(folder, 'out')
  const buildWith = (br: number) =>
    build({ sources: [join(folder, 'sources')], out: root, compress: { '**': { br } }, cache: false })
  await buildWith(11)
  const { app, get } = await start(context, { root, watch: false })
  const name = app.static('a.txt')
  const before = await get(name, { 'accept-encoding': 'br' })
  await buildWith(0)
  assert.equal(await app.staticReload(), true)
  const after = await get(name, { 'accept-encoding': 'br' })
  assert.equal(app.static('a.txt'), name)
  assert.notEqual(after.headers.etag, before.headers.etag)
  assert.equal(after.headers['content-length'], String(after.body.length))
  assert.equal(brotliDecompressSync(after.body).toString(), text)
})

test('a hashed name whose file has been pruned is 404', async (context) => {
  const { app, get, root } = await startFirst(context)
  const old = app.static('gone.txt')
  await writeBuild(root, SECOND)
  await app.staticReload()
  rmSync(join(root, old.replace('/static/', '')))
  const answer = await get(old)
  assert.deepEqual([answer.status, answer.headers['cache-control']], [404, 'no-store'])
})

test('a damaged manifest is refused and the old one stays', async (context) => {
  const { app, get, root } = await startFirst(context)
  for (const text of ['', '{"version":1,', '{"version":9}']) {
    writeFileSync(join(root, 'manifest.json'), text)
    await assert.rejects(app.staticReload(), { code: 'FP_MANIFEST' })
    assert.equal((await get('/static/a.txt')).body.toString(), 'first')
  }
  rmSync(join(root, 'manifest.json'))
  await assert.rejects(app.staticReload(), { code: 'FP_MANIFEST' })
  await writeBuild(root, SECOND)
  assert.equal(await app.staticReload(), true)
})

test('a build for another url is refused: its routes would be elsewhere', async (context) => {
  const { app, root } = await startFirst(context)
  await writeBuild(root, SECOND, { url: '/other/' })
  await assert.rejects(app.staticReload(), { code: 'FP_MANIFEST', message: /Restart/ })
})

test('reloads asked for at once end with the latest build', async (context) => {
  const { app, root } = await startFirst(context)
  await writeBuild(root, SECOND)
  const taken = await Promise.all([app.staticReload(), app.staticReload(), app.staticReload()])
  assert.deepEqual(taken, [true, false, false])
})

test('a watching server takes a new build by itself, and logs one that it refuses', async (context) => {
  const { root, log } = await startFirst(context, { watch: { intervalMs: 5 } })
  const logged = async (pattern: RegExp) => {
    while (!log.lines.some(({ msg }) => pattern.test(msg))) await once(log.arrived, 'line')
  }
  writeFileSync(join(root, 'manifest.json'), '{"half')
  await logged(/refused/)
  await writeBuild(root, SECOND)
  await logged(/a new build is in service/)
})

test('while a deploy has no manifest for a moment, a watching server goes on and says nothing', async (context) => {
  const { app, get, root, log } = await startFirst(context, { watch: { intervalMs: 5 } })
  rmSync(join(root, 'manifest.json'))
  // Long enough for several looks.
  await setTimeout(100)
  assert.equal((await get(app.static('a.txt'))).body.toString(), 'first')
  await writeBuild(root, SECOND)
  while (app.staticStats().reloads === 0) await once(log.arrived, 'line')
  assert.deepEqual(
    log.lines.filter(({ msg }) => /fingerpost/.test(msg)).map(({ msg }) => msg),
    ['fingerpost: a new build is in service'],
  )
})

test('a manifest that is replaced by one of the same size and times is noticed', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'one' })
  const manifest = join(root, 'manifest.json')
  const old = new Date(1000)
  utimesSync(manifest, old, old)
  const source = createFolderSource(root)
  const before = await source.signature()
  const { size } = statSync(manifest)
  await writeBuild(root, { 'a.css': 'two' })
  utimesSync(manifest, old, old)
  assert.equal(statSync(manifest).size, size)
  assert.notEqual(await source.signature(), before)
  assert.notEqual((await source.load()).signature, before)
})

test('answers under way while builds change are of one build each', async (context) => {
  const { app, get, root } = await startFirst(context, { cache: false })
  for (let round = 0; round < 10; round++) {
    await writeBuild(root, { 'a.txt': `round ${round}` })
    const answers = [get('/static/a.txt'), app.staticReload().then(() => get('/static/a.txt'))] as const
    const [before, after] = await Promise.all(answers)
    const previous = round === 0 ? 'first' : `round ${round - 1}`
    assert.ok([previous, `round ${round}`].includes(before.body.toString()))
    assert.equal(after.body.toString(), `round ${round}`)
  }
})

test('only so many earlier builds are kept', async (context) => {
  const { app, get, root } = await startFirst(context)
  const first = app.static('a.txt')
  for (let round = 0; round < 5; round++) {
    await writeBuild(root, { 'a.txt': `round ${round}` })
    await app.staticReload()
  }
  assert.equal((await get(first)).status, 404)
})

test('a fresh server answers for the kept files of builds before its time, under their hashed names', async (context) => {
  const root = await makeBuild(context, SECOND)
  const before = await writeBuild(root, FIRST)
  await writeBuild(root, SECOND)
  const retired = new Map<string, RetiredAsset>()
  for (const [path, asset] of before.assets) retired.set(asset.file, { path, ...asset })
  writeFileSync(join(root, HISTORY_FILE), formatHistory({ builds: [], retired }))
  const { get } = await start(context, { root })
  const file = before.assets.get('gone.txt')?.file
  const answer = await get(`/static/${file}`)
  assert.equal(answer.body.toString(), 'only here')
  assert.match(answer.headers['cache-control'] ?? '', /immutable/)
  assert.equal((await get('/static/gone.txt')).status, 404)
  assert.equal((await get('/static/history.json')).status, 404)
})

test('a damaged history is logged and keeps nothing from being served', async (context) => {
  const log = createLog()
  const root = await makeBuild(context, FIRST)
  writeFileSync(join(root, HISTORY_FILE), '{"half')
  const { get } = await start(context, { root }, { logger: log.logger })
  assert.equal((await get('/static/a.txt')).status, 200)
  assert.ok(log.lines.some(({ level, msg }) => level === 40 && msg.includes('history.json')))
})

test('a history that cannot be read is logged, not taken for none', async (context) => {
  const log = createLog()
  const root = await makeBuild(context, FIRST)
  mkdirSync(join(root, HISTORY_FILE))
  const { get } = await start(context, { root }, { logger: log.logger })
  assert.equal((await get('/static/a.txt')).status, 200)
  assert.ok(log.lines.some(({ level, msg }) => level === 40 && /history\.json.*EISDIR/.test(msg)))
})

test('misses make the server look for a new build at most once a second', async (context) => {
  const root = await makeBuild(context, FIRST)
  const { app } = await start(context, { root, watch: false })
  let looks = 0
  const source = { load: () => assert.fail(), signature: async () => void looks++ }
  const site = { current: { signature: undefined } } as unknown as Site
  const reloader = createReloader(site, source, app.log)
  const look = reloader.checkForMiss()
  assert.equal(reloader.checkForMiss(), look, 'the same while it lasts')
  await look
  assert.equal(reloader.checkForMiss(), undefined, 'and none soon after it')
  assert.equal(looks, 1)
})
