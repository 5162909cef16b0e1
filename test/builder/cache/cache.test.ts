import assert from 'node:assert/strict'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Cache, clearCache, getJson, openCache, putJson } from '../../../src/builder/cache/cache.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { LIMITS } from '../../../src/core/limit.ts'
import { runs } from '../../support/fuzz.ts'
import { makeTree, readTree, writeTree } from '../../support/tree.ts'

const digester = await createDigester()
const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.now()

/** Opens caches in one folder, at times of its own. */
function folder(context: TestContext, maxBytes = 1_000_000) {
  const dir = join(makeTree(context), 'cache')
  let now = START
  const open = () => openCache({ dir, maxBytes, digester, clock: () => now })
  return {
    dir,
    open,
    /** Opens, works and closes. */
    use<T>(work: (cache: Cache) => T): T {
      const cache = open()
      const result = work(cache)
      cache.close()
      return result
    },
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    bytes: () => [...readTree(dir).values()].reduce((sum, { length }) => sum + length, 0),
    packs: () => (existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : []),
  }
}

const bytesOf = (text: string) => Buffer.from(text)

test('the next build finds what one build put, under just this key', (context) => {
  const { use, open } = folder(context)
  const keys = ['', 'a', 'a"', 'a\\', 'a\tb', 'a\nb', 'ä', '日本', '__proto__', 'a'.repeat(5000)]
  use((cache) => {
    for (const key of keys) cache.put(key, bytesOf('before'))
    for (const key of keys) putJson(cache, key, { of: key })
    for (const key of keys) assert.deepEqual(getJson(cache, key), { of: key }, 'in the same build')
  })
  const cache = open()
  for (const key of keys) assert.deepEqual(getJson(cache, key), { of: key })
  assert.equal(cache.get('other'), undefined)
  cache.put('empty', Buffer.alloc(0))
  assert.equal(cache.get('empty')?.length, 0)
  cache.close()
})

test('texts come back whole, and short ones are not read again', (context) => {
  const { use, open, packs } = folder(context)
  const short = ['', 'a', '{"a":[1]}', 'ä日', '\r', '\u2028', 'x'.repeat(LIMITS.buildCacheInlineChars)]
  const long = ['a\tb', 'a\nb', '1\t2\t3\t4', 'y'.repeat(LIMITS.buildCacheInlineChars + 1)]
  use((cache) => {
    for (const text of [...short, ...long]) cache.put(text, text)
    for (const text of [...short, ...long]) assert.equal(cache.get(text)?.toString(), text)
  })
  const cache = open()
  for (const text of [...short, ...long]) assert.equal(cache.get(text)?.toString(), text)
  for (const pack of packs()) truncateSync(pack)
  for (const text of short) assert.equal(cache.get(text)?.toString(), text, 'from the index')
  for (const text of long) assert.equal(cache.get(text), undefined)
  cache.close()
})

test('any damage is a miss and never another value', (context) => {
  const { use, packs, open } = folder(context)
  const values = new Map(
    Array.from({ length: 20 }, (_, at) => [`key ${at}`, bytesOf(`value ${at} `.repeat(at))]),
  )
  use((cache) => {
    for (const [key, value] of values) cache.put(key, value)
  })
  const [pack = ''] = packs()
  const whole = readFileSync(pack)
  const lookUp = () => {
    const cache = open()
    for (const [key, value] of values) {
      const found = cache.get(key)
      assert.ok(found === undefined || found.equals(value), key)
    }
    // What a damaged cache is given is found again.
    cache.put('new', bytesOf('new'))
    assert.ok(cache.get('new'))
    cache.close()
    for (const other of packs()) if (other !== pack) rmSync(other)
  }
  const piece = fc.record({
    at: fc.nat(whole.length - 1),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 30 }),
  })
  const damage = fc.property(fc.array(piece, { maxLength: 3 }), fc.nat(whole.length), (pieces, length) => {
    const damaged = Buffer.from(whole)
    for (const { at, bytes } of pieces) damaged.set(bytes.subarray(0, whole.length - at), at)
    writeFileSync(pack, length % 2 === 0 ? damaged : damaged.subarray(0, length))
    lookUp()
  })
  fc.assert(damage, runs(200))
  writeFileSync(pack, 'not a pack at all')
  lookUp()
  truncateSync(pack)
  lookUp()
})

test('a damaged value costs that value, not the others', (context) => {
  const { use, packs, open } = folder(context)
  use((cache) => {
    cache.put('a', bytesOf('aaaa'))
    cache.put('b', bytesOf('bbbb'))
  })
  const [pack = ''] = packs()
  const bytes = readFileSync(pack)
  bytes.write('X', 2)
  writeFileSync(pack, bytes)
  const cache = open()
  assert.equal(cache.get('a'), undefined)
  assert.deepEqual(cache.get('b'), bytesOf('bbbb'))
  cache.close()
})

test('a full cache evicts what was used longest ago, and stays within its limit', (context) => {
  const { use, open, pass, bytes } = folder(context, 10_000)
  const content = (index: number) => Buffer.alloc(1000, index)
  for (let index = 0; index < 30; index++) {
    use((cache) => {
      // The first is used by every build, so it stays.
      cache.get('0')
      cache.put(String(index), content(index))
    })
    assert.ok(bytes() <= 10_000, `${bytes()} bytes after ${index}`)
    pass(DAY / 2)
  }
  const cache = open()
  assert.deepEqual(cache.get('0'), content(0))
  assert.deepEqual(cache.get('29'), content(29))
  assert.equal(cache.get('1'), undefined)
  assert.equal(cache.get('15'), undefined)
  cache.close()
})

test('what one build alone puts is held to the limit too', (context) => {
  const { use, bytes } = folder(context, 10_000)
  use((cache) => {
    for (let index = 0; index < 50; index++) cache.put(String(index), Buffer.alloc(1000, index))
  })
  assert.ok(bytes() <= 10_000, `${bytes()} bytes`)
})

test('many small builds leave few files, and lose nothing', (context) => {
  const { use, packs, open } = folder(context)
  for (let index = 0; index < 100; index++) {
    use((cache) => cache.put(String(index), bytesOf(`value ${index}`)))
    assert.ok(packs().length <= LIMITS.buildCacheMaxPacks + 1, `${packs().length} files`)
  }
  const cache = open()
  for (let index = 0; index < 100; index++)
    assert.deepEqual(cache.get(String(index)), bytesOf(`value ${index}`))
  cache.close()
})

test('builds at the same time both leave what they put, also if one of them moves or evicts', (context) => {
  const { open, use } = folder(context)
  for (let index = 0; index < LIMITS.buildCacheMaxPacks; index++) {
    use((cache) => cache.put(String(index), bytesOf(`value ${index}`)))
  }
  const [one, two] = [open(), open()]
  one.put('one', bytesOf('1'))
  two.put('two', bytesOf('2'))
  one.close()
  assert.deepEqual(two.get('7'), bytesOf('value 7'), 'from a file that is gone')
  two.close()
  const cache = open()
  assert.deepEqual([cache.get('one'), cache.get('two')], [bytesOf('1'), bytesOf('2')])
  for (let index = 0; index < LIMITS.buildCacheMaxPacks; index++)
    assert.ok(cache.get(String(index)), String(index))
  cache.close()
})

test('a use noted by a build that ran while its values were moved does not lose them', (context) => {
  const { open, use, pass } = folder(context)
  for (let index = 0; index < LIMITS.buildCacheMaxPacks; index++) {
    use((cache) => cache.put(String(index), bytesOf(`value ${index}`)))
  }
  pass(DAY)
  const [one, two] = [open(), open()]
  one.put('new', bytesOf('new'))
  two.get('7')
  one.close()
  two.close()
  assert.deepEqual(open().get('7'), bytesOf('value 7'))
})

test('a build that puts nothing writes nothing', (context) => {
  const { use, dir, pass, packs } = folder(context)
  use((cache) => cache.get('nothing'))
  assert.equal(existsSync(dir), false)
  use((cache) => cache.put('s', bytesOf('s')))
  const [pack = ''] = packs()
  utimesSync(pack, START / 1000, START / 1000)
  pass(1000)
  use((cache) => cache.get('s'))
  assert.deepEqual(packs(), [pack])
  assert.equal(Math.round(statSync(pack).mtimeMs), START)
})

test('what no build uses for a month is removed, and what is used stays', (context) => {
  const { use, open, pass, packs, bytes } = folder(context)
  use((cache) => {
    cache.put('old', Buffer.alloc(1000))
    cache.put('used', bytesOf('used'))
  })
  const [pack = ''] = packs()
  pass(20 * DAY)
  use((cache) => assert.ok(cache.get('used')))
  pass(20 * DAY)
  utimesSync(pack, START / 1000, START / 1000)
  use((cache) => {
    assert.equal(cache.get('old'), undefined)
    assert.ok(cache.get('used'))
    cache.put('new', bytesOf('new'))
  })
  assert.equal(existsSync(pack), false)
  assert.ok(bytes() < 1000, `${bytes()} bytes`)
  assert.ok(open().get('used'))
})

test('what a killed build left is removed after a while', (context) => {
  const { use, pass, dir } = folder(context)
  writeTree(dir, { '0123456789abcdef.tmp': 'half' })
  use((cache) => cache.put('a', bytesOf('a')))
  assert.ok(existsSync(join(dir, '0123456789abcdef.tmp')))
  pass(2 * HOUR)
  use((cache) => cache.get('a'))
  assert.equal(existsSync(join(dir, '0123456789abcdef.tmp')), false)
})

test('a folder that can not be written costs the cache and not the build', (context) => {
  const dir = join(makeTree(context, { file: 'in the way' }), 'file')
  const cache = openCache({ dir, maxBytes: 1000, digester })
  for (let index = 0; index < 10; index++) cache.put(String(index), Buffer.alloc(100_000, index))
  cache.get('0')
  cache.close()
  assert.equal(readFileSync(dir, 'utf8'), 'in the way')
})

test('clearing removes the cache and leaves what others put into its folder', (context) => {
  const { use, dir } = folder(context)
  use((cache) => cache.put('v', bytesOf('v')))
  const builds = openCache({ dir: join(dir, 'builds'), maxBytes: 1000, digester })
  builds.put('b', bytesOf('b'))
  builds.close()
  writeTree(dir, { 'other.txt': 'not ours' })
  clearCache(dir)
  assert.deepEqual([...readTree(dir).keys()], ['other.txt'])
  clearCache(join(dir, 'never made'))
})
