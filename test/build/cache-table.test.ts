import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheTable, createCacheTable, formatRecord, PAGE_BYTES } from '../../src/build/cache-table.ts'
import { createDigester } from '../../src/core/digest.ts'

const digester = await createDigester()

const entry = <T>(value: T) => ({ usedAt: 1_900_000_000_000, value })

const heldBytes = (table: CacheTable<unknown>) => table.pages.reduce((sum, { length }) => sum + length, 0)

test('a table finds what was put into it under just this key, and the last of it', () => {
  const table = createCacheTable<unknown>()
  const keys = [
    '',
    'a',
    'a,',
    'a"',
    'a\\',
    'a\\"',
    '"a',
    'a\tb',
    'a\nb',
    'ä',
    '日本',
    '__proto__',
    'a'.repeat(5000),
  ]
  for (const key of keys) table.put(key, entry('before'))
  for (const key of keys) table.put(key, entry({ of: key, tab: '\t' }))
  assert.equal(table.size, keys.length)
  for (const key of keys)
    assert.deepEqual(table.find(key), entry({ of: key, tab: '\t' }), JSON.stringify(key))
  assert.equal(table.find('b'), undefined)
  assert.deepEqual(
    [...table.entries()].map(([key]) => key),
    keys,
  )
})

test('keys whose hashes are the same are still different keys', () => {
  const table = createCacheTable<number>()
  // Of so many there are some pairs whose 32 bits are the same.
  const keys = Array.from({ length: 200_000 }, (_, index) => digester.of(Buffer.from(`${index}`)))
  keys.forEach((key, index) => {
    table.put(key, entry(index))
  })
  assert.equal(table.size, keys.length)
  const lost = keys.filter((key, index) => table.find(key)?.value !== index)
  assert.deepEqual(lost, [])
})

test('an entry takes the bytes it is written in, and little more', () => {
  const table = createCacheTable<string>()
  let written = 0
  for (let index = 0; index < 10_000; index++) {
    const [key, value] = [`some/path/of/a/file-${index}.css`, `value ${index}`]
    table.put(key, entry(value))
    written += formatRecord(key, entry(value)).length
  }
  assert.ok(heldBytes(table) <= written + 10_000, `${heldBytes(table)} of ${written}`)
  assert.ok(table.pages.every(({ buffer }) => buffer.byteLength === PAGE_BYTES))
})

test('a page is taken over without being copied, over what was known', () => {
  const [one, two] = [createCacheTable<number>(), createCacheTable<number>()]
  for (const key of ['a', 'b']) one.put(key, entry(1))
  for (const key of ['b', 'c']) two.put(key, entry(2))
  for (const page of two.pages) one.load(page)
  one.put('d', entry(3))
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((key) => one.find(key)?.value),
    [1, 2, 2, 3, undefined],
  )
  assert.equal(one.pages[1]?.buffer, two.pages[0]?.buffer)
})

test('an entry larger than a page has one of its own', () => {
  const table = createCacheTable<string>()
  const long = 'x'.repeat(3 * PAGE_BYTES)
  table.put('small', entry('1'))
  table.put('large', entry(long))
  table.put('after', entry('2'))
  assert.deepEqual(
    [...table.entries()].map(([, { value }]) => value),
    ['1', long, '2'],
  )
})
