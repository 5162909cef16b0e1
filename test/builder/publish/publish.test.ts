import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from '../../../src/builder/build.ts'
import { canMakeDeltas } from '../../../src/builder/compress/delta.ts'
import { check } from '../../../src/builder/maintain/check.ts'
import { prune } from '../../../src/builder/maintain/prune.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { DICTIONARIES_FILE } from '../../../src/core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../../src/core/manifest/history.ts'
import { MANIFEST_FILE, parseManifest } from '../../../src/core/manifest/manifest.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { rounds } from '../../support/long.ts'
import { asNobody } from '../../support/nobody.ts'
import { makeTree, readTree } from '../../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(20)

/** Two versions of a site: one file stays, one changes, one goes, one comes, and one of them is in a circle. */
function sources(context: TestContext): string {
  return makeTree(context, {
    old: {
      'a.css': `@import "b.css"; ${LONG}`,
      'b.css': '@import "a.css";',
      'gone.txt': LONG,
      'same.js': LONG,
    },
    new: {
      'a.css': `@import "b.css"; p {} ${LONG}`,
      'b.css': '@import "a.css";',
      'came.txt': `${LONG}!`,
      'same.js': LONG,
    },
  })
}

const run = (cwd: string, source: string, storage: Storage) =>
  build({ sources: [source], encodings: ['gzip'], cache: false }, { cwd, storage, now: () => new Date(0) })

/** What a visitor can get: every file the manifest in force promises, checked. */
async function servedBy(storage: Storage): Promise<string> {
  const report = await check({ sources: [] }, {}, { storage })
  assert.deepEqual(report.faults, [])
  return parseManifest((await storage.read(MANIFEST_FILE)).toString(), 'test').digest
}

/** A storage whose nth change fails, before it or after it is done. */
function failing(
  storage: Storage,
  nth: number,
  when: 'before' | 'after',
): Storage & { readonly changes: () => number } {
  let changes = 0
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    changes++
    if (changes >= nth && when === 'before') throw new Error('the power went')
    const done = await work()
    if (changes >= nth) throw new Error('the power went')
    return done
  }
  return {
    ...storage,
    save: (...args) => change(() => storage.save(...args)),
    delete: (...args) => change(() => storage.delete(...args)),
    changes: () => changes,
  }
}

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = createMemoryStorage()
  for await (const { key } of storage.list()) await copy.save(key, await storage.read(key))
  return copy
}

async function contentOf(storage: Storage): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for await (const { key } of storage.list()) {
    // Locks of "dead" builds in this very process look alive; the test takes them away itself.
    if (!key.startsWith('.fingerpost/')) content.set(key, (await storage.read(key)).toString('latin1'))
  }
  return content
}

async function unlock(storage: Storage): Promise<void> {
  for await (const { key } of storage.list('.fingerpost/')) await storage.delete(key)
}

test('a build that dies before or after any write leaves the old site or the new one, and the next build is right', async (context) => {
  const cwd = sources(context)
  const before = createMemoryStorage()
  const { manifest: old } = await run(cwd, 'old', before)
  const after = await copyOf(before)
  const { manifest: young } = await run(cwd, 'new', after)
  const whole = failing(await copyOf(before), Number.POSITIVE_INFINITY, 'before')
  await run(cwd, 'new', whole)
  assert.ok(whole.changes() > 8)

  for (let nth = 1; nth <= whole.changes(); nth++) {
    for (const when of ['before', 'after'] as const) {
      const storage = await copyOf(before)
      await assert.rejects(run(cwd, 'new', failing(storage, nth, when)), /power went/, `write ${nth}`)
      const served = await servedBy(storage)
      assert.ok(served === old.digest || served === young.digest, `write ${nth}: a mixture is served`)
      // Until the manifest is written the old site is whole, whatever came before.
      if (nth < whole.changes() - 1) assert.equal(served, old.digest, `write ${nth}`)
      await unlock(storage)
      await run(cwd, 'new', storage)
      assert.deepEqual(await contentOf(storage), await contentOf(after), `write ${nth} ${when}`)
    }
  }
})

test('a change of encoder settings that dies at any write never leaves a promise broken', async (context) => {
  const cwd = sources(context)
  const fast = {
    sources: ['old'],
    encodings: ['gzip' as const],
    cache: false as const,
    compress: { '**': { gzip: 1 } },
  }
  const before = createMemoryStorage()
  await build(fast, { cwd, storage: before })
  const whole = failing(await copyOf(before), Number.POSITIVE_INFINITY, 'before')
  await run(cwd, 'old', whole)
  for (let nth = 1; nth <= whole.changes(); nth++) {
    const storage = await copyOf(before)
    await assert.rejects(run(cwd, 'old', failing(storage, nth, 'after')), /power went/)
    await servedBy(storage)
  }
})

test('a prune that dies at any step leaves the site whole, and the next one ends its work', async (context) => {
  const cwd = sources(context)
  const before = createMemoryStorage({ now: () => new Date(0) })
  await run(cwd, 'old', before)
  const { manifest } = await run(cwd, 'new', before)
  const options = { sources: [] }
  const sweep = (storage: Storage) => prune(options, { keep: 1, minAgeSeconds: 0 }, { storage })
  const remember = async () => {
    const copy = createMemoryStorage({ now: () => new Date(0) })
    for await (const { key } of before.list()) await copy.save(key, await before.read(key))
    return copy
  }
  const done = await remember()
  const whole = failing(done, Number.POSITIVE_INFINITY, 'before')
  assert.ok((await sweep(whole)).removed.length > 2)
  for (let nth = 1; nth <= whole.changes(); nth++) {
    const storage = await remember()
    await assert.rejects(sweep(failing(storage, nth, 'after')), /power went/)
    assert.equal(await servedBy(storage), manifest.digest)
    await unlock(storage)
    await sweep(storage)
    assert.deepEqual(await contentOf(storage), await contentOf(done), `step ${nth}`)
  }
})

test('an output that may not be written is named, and the old site stays in force', async (context) => {
  const cwd = sources(context)
  const root = join(cwd, 'out')
  const storage = createFilesystemStorage({ root })
  const { manifest } = await run(cwd, 'old', storage)
  // The test's own folder is for its owner alone.
  chmodSync(cwd, 0o755)
  for (const folder of [root, join(root, '.fingerpost')]) chmodSync(folder, 0o555)
  await asNobody(() =>
    assert.rejects(run(cwd, 'new', storage), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'FP_STORAGE')
      assert.match(error.message, new RegExp(`folder ${root} refused to save .*permission`, 's'))
      return true
    }),
  )
  for (const folder of [root, join(root, '.fingerpost')]) chmodSync(folder, 0o755)
  assert.equal(await servedBy(storage), manifest.digest)
})

test('on a full disk the build ends and says so, and the old site stays in force', async (context) => {
  const cwd = sources(context)
  const root = join(cwd, 'out')
  mkdirSync(root)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', root])
  if (status !== 0) return context.skip('needs the right to mount a tmpfs')
  try {
    const storage = createFilesystemStorage({ root })
    const { manifest } = await run(cwd, 'old', storage)
    writeFileSync(join(cwd, 'new/big.bin'), randomBytes(200_000))
    await assert.rejects(run(cwd, 'new', storage), { code: 'FP_STORAGE', message: /disk is full/ })
    assert.equal(await servedBy(storage), manifest.digest)
    assert.deepEqual(leftoversIn(root), [])
    rmSync(join(cwd, 'new/big.bin'))
    await run(cwd, 'new', storage)
    assert.notEqual(await servedBy(storage), manifest.digest)
  } finally {
    spawnSync('umount', [root])
  }
})

test('two builds at once into one output: both are done, one after the other', async (context) => {
  const cwd = sources(context)
  const root = join(cwd, 'out')
  const storage = () => createFilesystemStorage({ root })
  const both = await Promise.all([run(cwd, 'old', storage()), run(cwd, 'new', storage())])
  const served = await servedBy(storage())
  assert.ok(both.some(({ manifest }) => manifest.digest === served))
  const alone = createFilesystemStorage({ root: join(cwd, 'alone') })
  const last = both[0].manifest.digest === served ? 'old' : 'new'
  await run(cwd, last, alone)
  const files = readTree(root)
  for (const [key, bytes] of readTree(join(cwd, 'alone'))) {
    if (key !== 'history.json') assert.deepEqual(files.get(key), bytes, key)
  }
})

const KILLS = Number(process.env['FINGERPOST_KILLS'] ?? rounds(10, 100))
const CHILD = fileURLToPath(new URL('../fixture/rebuild.mjs', import.meta.url))

/** A stylesheet that is edited in each round, in a circle with another one, and what the two need. */
const STYLE = `@import "base.css"; .logo { background: url(logo.svg) } .icon { background: url(icon.png) } ${LONG}
/* Hardly compresses, so that a delta is worth it: ${randomBytes(2000).toString('hex')} */`
const SITE = {
  'style.css': STYLE,
  src: {
    'base.css': `@import "style.css"; .icon { background: url(icon.png) } ${LONG}`,
    'logo.svg': `<svg xmlns="http://www.w3.org/2000/svg"><desc>${LONG}</desc></svg>`,
    'icon.png': Buffer.from([137, 80, 78, 71]),
    'same.js': LONG,
  },
}
/** Both encodings, deltas where this Node makes them, and a cache that the killed builds and the clean ones share. */
const SHARED: BuildOptions = {
  sources: ['src'],
  out: 'out',
  encodings: ['br', 'gzip'],
  cache: { dir: 'cache' },
  dictionaries: canMakeDeltas('dcb'),
}
const EPOCH = () => new Date(0)

function writeRound(cwd: string, round: number): void {
  writeFileSync(join(cwd, 'src/style.css'), `/* ${round} */ ${STYLE}`)
}

/** What a build of a round must leave, built elsewhere and without the cache. */
async function siteOf(cwd: string, round: number): Promise<ReadonlyMap<string, Buffer>> {
  writeRound(cwd, round)
  const storage = createMemoryStorage()
  await build({ ...SHARED, cache: false }, { cwd, storage, now: EPOCH })
  const files = new Map<string, Buffer>()
  for await (const { key } of storage.list()) {
    // These depend on the builds before; `check` looks at the deltas.
    if (key !== HISTORY_FILE && key !== DICTIONARIES_FILE) files.set(key, await storage.read(key))
  }
  return files
}

/** Which of these rounds is in force; every one of its files must be there, byte for byte. */
async function roundInForce(cwd: string, rounds: readonly number[]): Promise<number> {
  const manifest = readFileSync(join(cwd, 'out', MANIFEST_FILE))
  for (const round of rounds) {
    const site = await siteOf(cwd, round)
    if (!site.get(MANIFEST_FILE)?.equals(manifest)) continue
    for (const [key, bytes] of site) assert.deepEqual(readFileSync(join(cwd, 'out', key)), bytes, key)
    return round
  }
  assert.fail(`a site that neither of the rounds ${rounds.join(' and ')} made`)
}

/** Lets a child build from a round on and kills it. @returns the round it had begun last */
async function killRebuild(cwd: string, first: number, longestMs: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, cwd, String(first), JSON.stringify(SHARED)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  // Two or three builds on a quiet machine, so that the first of a life, which clears up, is met as well as later ones.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * longestMs))
  child.kill('SIGKILL')
  const [, signal] = await closed
  assert.equal(signal, 'SIGKILL', 'the child ended by itself')
  return Number(told.trimEnd().split('\n').at(-1))
}

/** Half of a lock, killed before it had its name: swept by builds that begin ten seconds later (`lock.test.ts`). */
const UNANNOUNCED = /^\.fingerpost\/\.fingerpost-[0-9a-f]{16}\.tmp$/

const leftoversIn = (root: string) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (key) => /\.tmp$|lock-/.test(key) && !UNANNOUNCED.test(key),
  )

test(`builds killed ${KILLS} times at random leave the old site or the new one, and the next build is clean`, {
  timeout: 240_000 + KILLS * 1000,
}, async (context) => {
  const cwd = makeTree(context, SITE)
  const storage = createFilesystemStorage({ root: join(cwd, 'out') })
  let inForce = 0
  let next = 1
  let interrupted = 0
  writeRound(cwd, inForce)
  await build(SHARED, { cwd, now: EPOCH })
  // On a busy machine a build begins to write later: then the kills go on, and come later.
  for (let kill = 1; kill <= KILLS || interrupted === 0; kill++) {
    const begun = await killRebuild(cwd, next, 100 * Math.ceil(kill / KILLS))
    inForce = await roundInForce(cwd, [begun === next ? inForce : begun - 1, begun])
    await servedBy(storage)
    if (leftoversIn(storage.root).length > 0) interrupted++
    next = begun + 1
    if (kill % 10 !== 0 && kill !== KILLS) continue
    writeRound(cwd, next)
    await build(SHARED, { cwd, now: EPOCH })
    inForce = await roundInForce(cwd, [next])
    await servedBy(storage)
    assert.deepEqual(leftoversIn(storage.root), [], `after kill ${kill}`)
    next++
  }
  context.diagnostic(`${interrupted} of ${KILLS} kills met a build that held its output; ${next} rounds`)
  const deltas = [...readTree(storage.root).keys()].filter((key) => key.endsWith('.dcb'))
  assert.equal(deltas.length > 0, SHARED.dictionaries, 'deltas were among what was killed')
})
