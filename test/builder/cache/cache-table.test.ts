import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPageFile } from '../../../src/builder/cache/cache-page.ts'
import {
  type CacheTable,
  createCacheTable,
  formatRecord,
  PAGE_BYTES,
} from '../../../src/builder/cache/cache-table.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { makeTree, readTree } from '../../support/tree.ts'

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
  assert.ok(table.pages.every((page) => page.read(0, 1).buffer.byteLength === PAGE_BYTES))
})

test('full pages are put away, and what is in them is found all the same', (context) => {
  const dir = makeTree(context)
  const file = createPageFile(join(dir, 'pages'))
  let putAway = 0
  const put = (bytes: Buffer) => {
    putAway += bytes.length
    return file.put(bytes)
  }
  const [table, other] = [createCacheTable<string>(put), createCacheTable<string>()]
  const count = 20_000
  const long = 'x'.repeat(10_000)
  for (let index = 0; index < count; index++) table.put(`key ${index}`, entry(`old ${index}`))
  for (let index = 0; index < count; index += 2)
    table.put(`key ${index}`, entry(`new ${index} ${index % 100 === 0 ? long : ''}`))
  assert.ok(heldBytes(table) - putAway < PAGE_BYTES, `${heldBytes(table) - putAway} bytes in memory`)
  assert.deepEqual([...readTree(dir).keys()], [], 'the file has no name')
  for (const page of table.pages) other.load(page)
  for (const each of [table, other]) {
    assert.equal(each.size, count)
    assert.equal(each.find('key 1')?.value, 'old 1')
    assert.equal(each.find('key 2')?.value, 'new 2 ')
    assert.equal(each.find('key 100')?.value, `new 100 ${long}`)
    const entries = new Map(each.entries())
    assert.equal(entries.size, count)
    for (const [key, { value }] of entries) {
      const index = Number(key.slice(4))
      assert.ok(value.startsWith(index % 2 === 0 ? `new ${index} ` : `old ${index}`), `${key}: ${value}`)
    }
  }
  file.close()
  assert.equal(table.find('key 1'), undefined)
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
  assert.equal(one.pages[1], two.pages[0])
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
