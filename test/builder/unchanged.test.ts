import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { describeFiles, digestInputs, hasYoung } from '../../src/builder/unchanged.ts'
import { createDigester } from '../../src/core/digest.ts'
import { LIMITS } from '../../src/core/limit.ts'
import type { Collection, SourceFile } from '../../src/sources/finder.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { letFilesSettle } from '../support/clock.ts'
import { makeTree, readTree } from '../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(40)

const digester = await createDigester()

/** A project built twice, so that the next build can take the shortcut; `run` tells which files of the output it read. */
async function settled(context: TestContext) {
  const cwd = makeTree(context, {
    src: {
      'a.css': `${LONG} @import "b.css"; p { background: url(gone.png) }`,
      'b.css': LONG,
      'c.txt': LONG,
    },
    over: { 'c.txt': 'loses' },
  })
  const root = join(cwd, 'staticfiles')
  letFilesSettle(context)
  const run = async (options: Partial<BuildOptions> = {}) => {
    const read: string[] = []
    const folder = createFilesystemStorage({ root })
    const storage = {
      ...folder,
      read(key: string) {
        read.push(key)
        return folder.read(key)
      },
    }
    const settings = { sources: ['src', 'over'], onMissing: 'warn' as const, cache: { dir: 'cache' } }
    const report = await build({ ...settings, ...options }, { cwd, storage, now: () => new Date(0) })
    return { report, tookShortcut: !read.includes('history.json') }
  }
  const first = await run()
  return { cwd, root, run, first: first.report }
}

/** Written at the time that the test's clock shows. */
function writeNow(file: string, text: string): void {
  writeFileSync(file, text)
  utimesSync(file, new Date(), new Date())
}

test('a build of which nothing has changed looks at stats alone, and tells the same', async (context) => {
  const { run, first } = await settled(context)
  const { report, tookShortcut } = await run()
  assert.equal(tookShortcut, true)
  assert.equal(report.kind, 'unchanged')
  assert.deepEqual(report.work, {
    read: 0,
    scanned: 0,
    encoded: 0,
    recalled: 0,
    written: 0,
    cache: { hits: 0, misses: 0 },
  })
  const facts = ({ manifest, sources, outputs, problems, shadowed, skipped, out }: typeof first) => {
    const assets = [...manifest.assets]
    return { manifest: { ...manifest, assets }, sources, outputs, problems, shadowed, skipped, out }
  }
  assert.equal(first.problems.length, 1)
  assert.deepEqual(facts(report), facts(first))
})

test('any change of sources, output or options ends the shortcut', async (context) => {
  const { cwd, root, run } = await settled(context)
  const before = readTree(root)
  const [hashed = ''] = [...before.keys()].filter((key) => key.startsWith('b.'))
  const changes: Readonly<Record<string, () => Partial<BuildOptions> | undefined>> = {
    'a touched source': () => void utimesSync(join(cwd, 'src/c.txt'), 1, 1),
    'an edited source': () => void writeFileSync(join(cwd, 'src/c.txt'), `${LONG}!`),
    'a new source': () => void writeFileSync(join(cwd, 'src/new.txt'), 'new'),
    'a renamed source': () => void renameSync(join(cwd, 'src/new.txt'), join(cwd, 'src/other.txt')),
    'a source that is gone': () => void rmSync(join(cwd, 'src/other.txt')),
    'a file gone from the output': () => void rmSync(join(root, hashed)),
    'a truncated file in the output': () => void truncateSync(join(root, hashed), 3),
    'a manifest of other bytes': () =>
      void writeFileSync(
        join(root, 'manifest.json'),
        readTree(root).get('manifest.json')?.toString().replace('"url"', '"uRl"') ?? '',
      ),
    'another url': () => ({ url: '/other/' }),
    'another quality': () => ({ compress: { '*': { gzip: 1 } } }),
  }
  for (const [name, change] of Object.entries(changes)) {
    const options = change()
    const { tookShortcut } = await run(options)
    assert.equal(tookShortcut, false, name)
  }
})

test('with sources edited a moment ago there is no shortcut', async (context) => {
  const { cwd, run } = await settled(context)
  writeNow(join(cwd, 'src/c.txt'), 'young')
  await run()
  assert.equal((await run()).tookShortcut, false)
})

test('with a Vite manifest written a moment ago everything is built', async (context) => {
  const { cwd, run } = await settled(context)
  mkdirSync(join(cwd, 'src/.vite'))
  writeNow(join(cwd, 'src/.vite/manifest.json'), '{}')
  await run()
  assert.equal((await run()).tookShortcut, false)
})

test('once in half the time after which the cache forgets, everything is built', async (context) => {
  const { run } = await settled(context)
  const now = Date.now()
  const runAfter = async (days: number) => {
    const clock = context.mock.method(Date, 'now', () => now + days * 86_400_000)
    const { tookShortcut } = await run()
    clock.mock.restore()
    return tookShortcut
  }
  assert.equal(await runAfter(LIMITS.buildCacheMaxIdleDays / 2 - 1), true)
  assert.equal(await runAfter(LIMITS.buildCacheMaxIdleDays / 2 + 1), false)
  assert.equal(await runAfter(LIMITS.buildCacheMaxIdleDays / 2 + 2), true)
})

test('a damaged record of builds is none', async (context) => {
  const { cwd, run } = await settled(context)
  for (const name of readTree(join(cwd, 'cache/builds')).keys()) {
    writeFileSync(join(cwd, 'cache/builds', name), 'damaged')
  }
  assert.equal((await run()).tookShortcut, false)
  assert.equal((await run()).tookShortcut, true)
})

const SOURCE = { folder: '/nowhere', prefix: '' }
const STAT = { size: 1, mtimeNs: 5n, ctimeNs: 6n, inode: 2n ** 63n + 7n }

/** A collection of twenty files, some of them different. */
function collection(others: Readonly<Record<string, Partial<SourceFile>>> = {}): Collection {
  const files = Array.from({ length: 20 }, (_, at): SourceFile => {
    const path = `file-${at}`
    return { path, absolutePath: `/nowhere/${path}`, source: SOURCE, ...STAT, ...others[path] }
  })
  return { files: new Map(files.map((file) => [file.path, file])), shadowed: [], skipped: [] }
}

test('any other stat, place or message is another input', () => {
  const { files } = collection()
  const [first] = files.values()
  assert.ok(first !== undefined)
  const skipped = { path: 'x', absolutePath: '/nowhere/x', reason: 'ignored' as const }
  const inputs = [
    collection(),
    ...[
      { size: 2 },
      { mtimeNs: -5n },
      { ctimeNs: 7n },
      { inode: 7n },
      { absolutePath: '/elsewhere/file-1' },
    ].map((edit) => collection({ 'file-1': edit })),
    { files: new Map([...files].slice(1)), shadowed: [], skipped: [] },
    { files, shadowed: [{ path: 'x', winner: first, loser: first }], skipped: [] },
    { files, shadowed: [], skipped: [skipped] },
    { files, shadowed: [], skipped: [{ ...skipped, reason: 'link-outside' as const }] },
  ]
  assert.equal(new Set(inputs.map((each) => digestInputs(each, digester))).size, inputs.length)
  assert.equal(digestInputs(collection(), digester), digestInputs(collection(), digester))
})

test('a file is young if its content or its inode changed a moment ago', () => {
  assert.equal(hasYoung(collection({ 'file-7': { mtimeNs: 3_000_001n } }), 3), true)
  assert.equal(hasYoung(collection({ 'file-7': { ctimeNs: 3_000_001n } }), 3), true)
  assert.equal(hasYoung(collection({ 'file-7': { mtimeNs: 3_000_001n } }), 4), false)
})

test('every changed, new or removed file of the program is noticed', (context) => {
  const folder = makeTree(context, { 'cli.js': 'a', parts: { 'x.ts': 'a', 'x.d.ts': 'a' }, 'notes.md': '' })
  const seen = [describeFiles(folder).join()]
  const change = (work: () => void) => {
    work()
    seen.push(describeFiles(folder).join())
  }
  change(() => writeFileSync(join(folder, 'parts/x.ts'), 'ab'))
  change(() => utimesSync(join(folder, 'cli.js'), 1, 1))
  change(() => writeFileSync(join(folder, 'parts/y.cjs'), ''))
  change(() => rmSync(join(folder, 'cli.js')))
  assert.equal(new Set(seen).size, seen.length)
  writeFileSync(join(folder, 'parts/x.d.ts'), 'abc')
  assert.equal(describeFiles(folder).join(), seen.at(-1))
})
