import assert from 'node:assert/strict'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import { check } from '../../../src/builder/maintain/check.ts'
import { prune } from '../../../src/builder/maintain/prune.ts'
import { parseHistory } from '../../../src/core/manifest/history.ts'
import { MANIFEST_FILE } from '../../../src/core/manifest/manifest.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { makeTree, readTree, writeTree } from '../../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(20)
const HOUR = 3_600_000

/** A project that is built again and again, an hour apart. */
function project(context: TestContext) {
  const cwd = makeTree(context, { src: { 'stays.css': LONG, 'changes.css': '' } })
  const options = { sources: ['src'], encodings: ['gzip' as const], cache: false as const }
  const out = join(cwd, 'staticfiles')
  let now = Date.now() - 100 * HOUR
  const environment = { cwd, now: () => new Date(now) }
  return {
    cwd,
    out,
    files: () => [...readTree(out).keys()],
    history: () => parseHistory(readTree(out).get('history.json')?.toString() ?? '', 'history'),
    async publish(text: string) {
      now += HOUR
      writeFileSync(join(cwd, 'src/changes.css'), text + LONG)
      const report = await build(options, environment)
      // Files are as old as their build.
      for (const key of readTree(out).keys()) {
        const { mtimeMs } = await import('node:fs').then(({ statSync }) => statSync(join(out, key)))
        if (mtimeMs > Date.now() - HOUR) utimesSync(join(out, key), now / 1000, now / 1000)
      }
      return report.manifest.assets.get('changes.css')?.file ?? ''
    },
    /** A build that dies before its manifest is written. */
    async abort(text: string) {
      now += HOUR
      writeFileSync(join(cwd, 'src/changes.css'), text + LONG)
      const storage = createFilesystemStorage({ root: out })
      const dying: Storage = {
        ...storage,
        save: (key, ...rest) =>
          key === MANIFEST_FILE ? Promise.reject(new Error('the power went')) : storage.save(key, ...rest),
      }
      await assert.rejects(build(options, { ...environment, storage: dying }), /the power went/)
      for (const key of readTree(out).keys())
        if (key.includes('changes')) utimesSync(join(out, key), now / 1000, now / 1000)
    },
    prune: (rules = {}, mode: 'publish' | 'dry-run' = 'publish') =>
      prune(options, rules, { ...environment, mode, now: () => new Date(now + HOUR / 2) }),
  }
}

test('what earlier builds published stays, complete and described, until it is pruned', async (context) => {
  const { publish, files, history, prune } = project(context)
  const versions = [await publish('a'), await publish('b'), await publish('c')]
  for (const file of versions) assert.ok(files().includes(file) && files().includes(`${file}.gz`))
  const { builds, retired } = history()
  assert.equal(builds.length, 3)
  assert.deepEqual([...retired.keys()].sort(), versions.slice(0, 2).sort())
  const old = retired.get(versions[0] ?? '')
  assert.equal(old?.path, 'changes.css')
  assert.equal(old?.type, 'text/css; charset=utf-8')
  assert.equal(typeof old?.encodings.gzip?.etag, 'string')

  const report = await prune({ keep: 2, minAgeSeconds: 0 })
  assert.deepEqual(
    report.removed.map(({ file }) => file),
    [versions[0], `${versions[0]}.gz`],
  )
  assert.equal(report.kept, 2)
  assert.ok(!files().includes(versions[0] ?? ''))
  assert.ok(files().includes(versions[1] ?? ''))
  assert.deepEqual([...history().retired.keys()], [versions[1]])
  assert.deepEqual((await prune({ keep: 2, minAgeSeconds: 0 })).removed, [])
})

test('the build in force keeps everything whatever is asked for', async (context) => {
  const { publish, files, prune } = project(context)
  await publish('a')
  const last = await publish('b')
  await prune({ keep: 0, minAgeSeconds: 0 })
  assert.ok(files().includes(last))
  assert.ok(files().some((file) => file.startsWith('stays.')))
})

test('a file is too young until its build has been out of force for the minimum age', async (context) => {
  const { publish, files, prune } = project(context)
  const first = await publish('a')
  const second = await publish('b')
  await publish('c')
  // Now is half an hour after c, so b was needed until then, and a until b came an hour earlier.
  assert.deepEqual((await prune({ keep: 1, minAgeSeconds: 2 * 3600 })).removed, [])
  const { removed } = await prune({ keep: 1, minAgeSeconds: 3600 })
  assert.deepEqual(
    removed.map(({ file }) => file),
    [first, `${first}.gz`],
  )
  assert.ok(files().includes(second))
})

test('a file written a moment ago stays, whatever the history says', async (context) => {
  const { publish, out, prune } = project(context)
  const first = await publish('a')
  await publish('b')
  await publish('c')
  utimesSync(join(out, `${first}.gz`), Date.now() / 1000, Date.now() / 1000)
  assert.deepEqual((await prune({ keep: 1, minAgeSeconds: 3600 })).removed, [])
})

test('a build that never was published is none of those that are kept', async (context) => {
  const { publish, files, prune, abort } = project(context)
  const versions = [await publish('a'), await publish('b')]
  const present = files()
  await abort('c')
  assert.ok(files().length > present.length, 'it left files')
  await prune({ keep: 2, minAgeSeconds: 0 })
  for (const file of versions) assert.ok(files().includes(file), file)
  assert.deepEqual(files(), present)
})

test('files that come back are needed again', async (context) => {
  const { publish, files, history, prune } = project(context)
  const first = await publish('a')
  const second = await publish('b')
  assert.equal(await publish('a'), first)
  assert.deepEqual([...history().retired.keys()], [second])
  await prune({ keep: 1, minAgeSeconds: 0 })
  assert.ok(files().includes(first))
  assert.ok(!files().includes(second))
})

test('what fingerpost did not write is never touched', async (context) => {
  const { publish, out, files, prune } = project(context)
  const first = await publish('a')
  const strangers = {
    'mine.txt': 'mine',
    'changes.0123456789abcdef.css': 'looks like one of ours',
    [`${first}.bak`]: 'mine',
    sub: { 'more.css': 'mine' },
  }
  writeTree(out, strangers)
  await publish('b')
  await publish('c')
  await prune({ keep: 1, minAgeSeconds: 0 })
  for (const file of ['mine.txt', 'changes.0123456789abcdef.css', `${first}.bak`, 'sub/more.css']) {
    assert.ok(files().includes(file), file)
  }
})

test('a dry run lists and leaves', async (context) => {
  const { publish, out, prune } = project(context)
  const first = await publish('a')
  await publish('b')
  const before = readTree(out)
  const report = await prune({ keep: 1, minAgeSeconds: 0 }, 'dry-run')
  assert.equal(report.kind, 'dry-run')
  assert.deepEqual(
    report.removed.map(({ file }) => file),
    [first, `${first}.gz`],
  )
  assert.deepEqual(readTree(out), before)
})

test('without a manifest or with a damaged history nothing is removed', async (context) => {
  const { publish, out, files, prune } = project(context)
  await publish('a')
  await publish('b')
  writeFileSync(join(out, 'history.json'), '{')
  const before = files()
  await assert.rejects(prune({ keep: 1, minAgeSeconds: 0 }), { code: 'FP_MANIFEST' })
  assert.deepEqual(files(), before)
  rmSync(join(out, 'manifest.json'))
  await assert.rejects(prune({ keep: 1, minAgeSeconds: 0 }), { code: 'FP_MANIFEST' })
  assert.equal(files().length, before.length - 1)
})

test('a damaged history does not keep a build from being published', async (context) => {
  const { publish, out, history } = project(context)
  await publish('a')
  writeFileSync(join(out, 'history.json'), '{')
  await publish('b')
  assert.equal(history().builds.length, 1)
})

for (const [goes, stays] of [
  ['app-B1xy.js', 'app-B1xy.js.gz'],
  ['app-B1xy.js.gz', 'app-B1xy.js'],
] as const) {
  test(`when ${goes} is pruned, nothing that ${stays} needs goes with it`, async (context) => {
    const cwd = makeTree(context, {
      both: { [goes]: LONG, [stays]: `${LONG} ` },
      one: { [stays]: `${LONG} ` },
    })
    const options = { prehashed: ['app-*'], cache: false } as const
    const storage = createMemoryStorage({ now: () => new Date(0) })
    const environment = { cwd, storage, now: () => new Date(0) }
    await build({ ...options, sources: ['both'] }, environment)
    await build({ ...options, sources: ['one'] }, environment)
    await prune({ sources: [] }, { keep: 1, minAgeSeconds: 0 }, { storage })
    assert.deepEqual((await check({ sources: [] }, {}, { storage })).faults, [])
  })
}
