import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listSizes } from '../../../src/builder/cache/sizes.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { comparePaths } from '../../../src/core/path.ts'

type SizesByKey = Readonly<Record<string, number>>

const digester = await createDigester()

function sizesOf(sizes: SizesByKey) {
  async function* list() {
    const sorted = Object.entries(sizes).sort(([a], [b]) => comparePaths(a, b))
    for (const [key, size] of sorted) yield { key, size, modifiedAt: new Date(0), validator: '' }
  }
  return listSizes({ list }, digester)
}

/** So long that a few dozen fill a piece. */
const LONG = 'x'.repeat(1000)

/** Keys that sort, end and look like others and like sizes. */
const KEYS = ['a', 'a-b', 'a/b', 'b', '1', '12', '\n', 'é', '\u{1f600}', '\uffff', 'manifest.json'].flatMap(
  (name) => ['0', '1', '2', '3', LONG, `${LONG}1`, `${LONG}2`].map((folder) => `${folder}/${name}`),
)

const SIZES = fc.dictionary(fc.constantFrom(...KEYS), fc.nat(), { maxKeys: 70, noNullPrototype: true })

test('what is known of an output and what was written give the digest that a listing gives', async () => {
  const property = fc.asyncProperty(SIZES, SIZES, async (before, changed) => {
    const known = await sizesOf(before)
    const listed = await sizesOf({ ...before, ...changed })
    assert.equal(known.digest(new Map(Object.entries(changed))), listed.digest())
  })
  await fc.assert(property, { numRuns: 200 })
})

test('a size is found by its key, whether few are asked for or many', async () => {
  const property = fc.asyncProperty(SIZES, async (before) => {
    const known = await sizesOf(before)
    for (let round = 0; round < 5; round++) {
      for (const key of KEYS) assert.equal(known.get(key), before[key])
    }
  })
  await fc.assert(property, { numRuns: 30 })
})

test('a lock is none of the files of an output, and any other size counts', async () => {
  const digestOf = async (sizes: SizesByKey) => (await sizesOf(sizes)).digest()
  assert.equal(await digestOf({ '.fingerpost/lock-1': 3, a: 1 }), await digestOf({ a: 1 }))
  assert.notEqual(await digestOf({ a: 1 }), await digestOf({ a: 2 }))
  assert.notEqual(await digestOf({ a: 1, b: 1 }), await digestOf({ a: 1 }))
  assert.notEqual(await digestOf({ a: 1, b1: 1 }), await digestOf({ a: 1, b: 11 }))
})
