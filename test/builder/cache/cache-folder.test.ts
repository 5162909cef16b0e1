import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { clearCache, openFolderCache } from '../../../src/builder/cache/cache-folder.ts'
import { createDigester } from '../../../src/core/digest.ts'
import type { SourceFile } from '../../../src/sources/finder.ts'
import { makeTree, readTree, writeTree } from '../../support/tree.ts'

const digester = await createDigester()
const HOUR = 3_600_000
const START = Date.UTC(2030, 0, 1)

/** Opens caches in one folder, at times of its own. */
function folder(context: TestContext, maxBytes = 1_000_000) {
  const dir = join(makeTree(context), 'cache')
  let now = START
  return {
    dir,
    open: () => openFolderCache({ dir, maxBytes, digester, wallClock: () => now }),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    bytes: () => [...readTree(dir).values()].reduce((sum, { length }) => sum + length, 0),
  }
}

const known = (bytes: Buffer) => ({ size: bytes.length, etag: digester.of(bytes) })

function sourceFile(changedMs: number): SourceFile {
  const time = BigInt(changedMs) * 1_000_000n
  const source = { folder: '/src', prefix: '' }
  return { path: 'a', absolutePath: '/src/a', source, size: 3, mtimeNs: time, ctimeNs: time, inode: 7n }
}

const FINGERPRINT = { digest: '0123456789abcdef', integrity: 'sha384-x', size: 3 }

test('what one build kept, the next one finds', async (context) => {
  const { open } = folder(context)
  const bytes = Buffer.from('compressed')
  const scan = { references: [], notes: [] }
  const first = open()
  await first.keepVariant('v', known(bytes), bytes)
  await first.keepVariant('n', 'unprofitable', undefined)
  first.keepScan('s', scan)
  first.keepNames('d', [{ ...FINGERPRINT, nameDigest: 'fedcba9876543210' }])
  await first.close()
  const second = open()
  assert.deepEqual(second.findVariant('v'), known(bytes))
  assert.deepEqual(await second.readVariant('v'), bytes)
  assert.equal(second.findVariant('n'), 'unprofitable')
  assert.deepEqual(second.findScan('s'), scan)
  assert.deepEqual(second.findNames('d'), [{ ...FINGERPRINT, nameDigest: 'fedcba9876543210' }])
  assert.equal(second.findVariant('other'), undefined)
  assert.equal(await second.readVariant('other'), undefined)
})

test('a fingerprint holds as long as no part of the stat changes', async (context) => {
  const { open } = folder(context)
  const file = sourceFile(START - HOUR)
  const first = open()
  first.keepFingerprint(file, FINGERPRINT)
  await first.close()
  const cache = open()
  assert.deepEqual(cache.findFingerprint(file), FINGERPRINT)
  for (const edit of [{ size: 4 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { inode: 8n }]) {
    assert.equal(cache.findFingerprint({ ...file, ...edit }), undefined, JSON.stringify(Object.keys(edit)))
  }
  assert.equal(cache.findFingerprint({ ...file, absolutePath: '/src/b' }), undefined)
})

test('the stat of a file edited just now is not trusted', async (context) => {
  const { open } = folder(context)
  const cache = open()
  cache.keepFingerprint(sourceFile(START - 1000), FINGERPRINT)
  assert.equal(cache.findFingerprint(sourceFile(START - 1000)), undefined)
  const touched = { ...sourceFile(START - HOUR), ctimeNs: BigInt(START) * 1_000_000n }
  cache.keepFingerprint(touched, FINGERPRINT)
  assert.equal(cache.findFingerprint(touched), undefined)
})

test('a damaged pack is a miss', async (context) => {
  const { open, dir } = folder(context)
  const first = open()
  await first.keepVariant('a', known(Buffer.from('aaaa')), Buffer.from('aaaa'))
  await first.keepVariant('b', known(Buffer.from('bbbb')), Buffer.from('bbbb'))
  await first.close()
  const [pack = ''] = readdirSync(join(dir, 'packs'))
  writeFileSync(join(dir, 'packs', pack), 'aaXabb')
  const second = open()
  assert.equal(await second.readVariant('a'), undefined)
  assert.equal(await second.readVariant('b'), undefined)
})

test('an index that is torn, altered or not ours knows nothing', async (context) => {
  const { open, dir } = folder(context)
  const first = open()
  first.keepScan('s', { references: [], notes: [] })
  await first.close()
  const whole = readFileSync(join(dir, 'index'))
  const altered = Buffer.from(whole)
  altered[altered.length - 5] = 0x20
  for (const bytes of [whole.subarray(0, -1), altered, Buffer.alloc(0), Buffer.from('not an index at all')]) {
    writeFileSync(join(dir, 'index'), bytes)
    assert.equal(open().findScan('s'), undefined)
  }
})

test('what a build adds is written behind what is known, and has the last word', async (context) => {
  const { open, dir } = folder(context)
  const scan = (start: number) => ({ references: [], notes: [], inlineMap: { start, end: 9 } })
  const first = open()
  first.keepScan('a', scan(1))
  first.keepScan('b', scan(1))
  await first.close()
  const before = readFileSync(join(dir, 'index'))
  const second = open()
  second.keepScan('a', scan(2))
  await second.close()
  const after = readFileSync(join(dir, 'index'))
  assert.ok(after.length > before.length)
  assert.deepEqual(after.subarray(0, before.length), before)
  const third = open()
  assert.deepEqual([third.findScan('b'), third.findScan('a')], [scan(1), scan(2)])
  // Behind this many searches everything is read.
  for (let index = 0; index < 50; index++) third.findScan(`none ${index}`)
  assert.deepEqual([third.findScan('b'), third.findScan('a')], [scan(1), scan(2)])
})

test('an index that has grown by many builds is written anew, and so is one whose end is torn', async (context) => {
  const { open, dir } = folder(context)
  const lines = () => readFileSync(join(dir, 'index'), 'latin1').split('\n').length - 1
  for (let index = 0; index < 70; index++) {
    const cache = open()
    cache.keepScan(String(index), { references: [], notes: [] })
    await cache.close()
    assert.ok(lines() <= 64, `${lines()} lines`)
  }
  assert.ok(lines() < 10, `${lines()} lines`)
  const whole = readFileSync(join(dir, 'index'))
  writeFileSync(join(dir, 'index'), Buffer.concat([whole, Buffer.from('torn')]))
  const cache = open()
  cache.keepScan('last', { references: [], notes: [] })
  await cache.close()
  for (let index = 0; index < 70; index++) assert.ok(open().findScan(String(index)), String(index))
  assert.ok(open().findScan('last'))
})

test('damage to a large index costs the line that has it, not the others', async (context) => {
  const { open, dir } = folder(context)
  const first = open()
  for (let index = 0; index < 10_000; index++) first.keepScan(String(index), { references: [], notes: [] })
  await first.close()
  const altered = readFileSync(join(dir, 'index'))
  altered[20] = 0x20
  writeFileSync(join(dir, 'index'), altered)
  const second = open()
  assert.equal(second.findScan('0'), undefined)
  assert.ok(second.findScan('9999'))
})

test('a full cache lets go of what was used longest ago, and stays under its limit', async (context) => {
  const { open, pass, bytes } = folder(context, 10_000)
  const content = (index: number) => Buffer.alloc(1000, index)
  for (let index = 0; index < 30; index++) {
    const cache = open()
    // The first is of use to every build, so it stays.
    cache.findVariant('0')
    await cache.keepVariant(String(index), known(content(index)), content(index))
    await cache.close()
    assert.ok(bytes() <= 10_000, `${bytes()} bytes after ${index}`)
    pass(2 * HOUR)
  }
  const cache = open()
  assert.deepEqual(await cache.readVariant('0'), content(0))
  assert.deepEqual(await cache.readVariant('29'), content(29))
  assert.equal(cache.findVariant('1'), undefined)
  assert.equal(cache.findVariant('15'), undefined)
})

test('what one build alone brings is held to the limit too', async (context) => {
  const { open, bytes } = folder(context, 10_000)
  const cache = open()
  for (let index = 0; index < 50; index++) {
    const content = Buffer.alloc(1000, index)
    await cache.keepVariant(String(index), known(content), content)
  }
  await cache.close()
  assert.ok(bytes() <= 10_000, `${bytes()} bytes`)
})

test('what is known of files and what builds saw count as well, and the oldest of it goes', async (context) => {
  const { dir, open, pass, bytes } = folder(context, 20_000)
  for (let index = 0; index < 40; index++) {
    writeTree(dir, { builds: { [`${index}.inputs`]: 'x'.repeat(3000) } })
    utimesSync(join(dir, 'builds', `${index}.inputs`), index, index)
    const cache = open()
    cache.keepScan(`${index}`.repeat(500), { references: [], notes: [] })
    await cache.close()
    assert.ok(bytes() <= 20_000, `${bytes()} bytes after ${index}`)
    pass(1000)
  }
  assert.ok(open().findScan('39'.repeat(500)))
  assert.equal(open().findScan('0'.repeat(500)), undefined)
  assert.ok(existsSync(join(dir, 'builds', '39.inputs')))
  assert.equal(existsSync(join(dir, 'builds', '0.inputs')), false)
})

test('two builds at once both leave what they learnt', async (context) => {
  const { open } = folder(context)
  const [one, two] = [open(), open()]
  await one.keepVariant('one', known(Buffer.from('1')), Buffer.from('1'))
  await two.keepVariant('two', known(Buffer.from('2')), Buffer.from('2'))
  await one.close()
  await two.close()
  const cache = open()
  assert.deepEqual(await cache.readVariant('one'), Buffer.from('1'))
  assert.deepEqual(await cache.readVariant('two'), Buffer.from('2'))
})

test('a build that learns nothing writes nothing', async (context) => {
  const { open, pass, dir } = folder(context)
  const first = open()
  first.keepScan('s', { references: [], notes: [] })
  await first.close()
  utimesSync(join(dir, 'index'), 1, 1)
  pass(60_000)
  const second = open()
  second.findScan('s')
  await second.close()
  assert.equal(statSync(join(dir, 'index')).mtimeMs, 1000)
})

test('what no build has used for a month is forgotten', async (context) => {
  const { open, pass } = folder(context)
  const first = open()
  first.keepScan('old', { references: [], notes: [] })
  await first.close()
  pass(31 * 24 * HOUR)
  const second = open()
  second.keepScan('new', { references: [], notes: [] })
  await second.close()
  assert.equal(open().findScan('old'), undefined)
  assert.ok(open().findScan('new'))
})

test('a folder that can not be written costs the cache and not the build', async (context) => {
  const dir = join(makeTree(context, { file: 'in the way' }), 'file')
  const cache = openFolderCache({ dir, maxBytes: 1000, digester })
  const bytes = Buffer.alloc(300_000, 1)
  await cache.keepVariant('v', known(bytes), bytes)
  // More than a page, which can't be put away.
  for (let index = 0; index < 10_000; index++) cache.keepScan(String(index), { references: [], notes: [] })
  assert.ok(cache.findScan('0'))
  await cache.close()
  assert.equal(readFileSync(dir, 'utf8'), 'in the way')
})

test('clearing removes the cache and leaves what others put into its folder', async (context) => {
  const { open, dir } = folder(context)
  const cache = open()
  await cache.keepVariant('v', known(Buffer.from('v')), Buffer.from('v'))
  await cache.close()
  writeTree(dir, { 'other.txt': 'not ours' })
  clearCache(dir)
  assert.deepEqual([...readTree(dir).keys()], ['other.txt'])
  assert.equal(existsSync(join(dir, 'packs')), false)
  clearCache(join(dir, 'never made'))
})
