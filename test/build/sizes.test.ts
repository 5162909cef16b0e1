import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSizesDigest, digestChangedSizes } from '../../src/build/sizes.ts'
import { createDigester } from '../../src/core/digest.ts'
import { comparePaths } from '../../src/core/path.ts'

const SIZES = fc.dictionary(
  fc.constantFrom('a', 'a-b', 'a/b', 'b', 'é', '\u{1f600}', '\uffff', 'manifest.json', '10'),
  fc.nat(3),
)

test('what is known of an output and what was written give the digest that a listing gives', async () => {
  const digester = await createDigester()
  const inOrder = (sizes: object) => Object.entries(sizes).sort(([a], [b]) => comparePaths(a, b))
  const listed = (sizes: object) => {
    const digest = createSizesDigest(digester)
    for (const [key, size] of inOrder(sizes)) digest.add(key, size)
    return digest.digest()
  }
  const property = fc.property(SIZES, SIZES, (before, changed) => {
    const after = digestChangedSizes(inOrder(before), new Map(Object.entries(changed)), digester)
    assert.equal(after, listed({ ...before, ...changed }))
  })
  fc.assert(property, { numRuns: 500 })
})

test('a lock is none of the files of an output, and any other size counts', async () => {
  const digester = await createDigester()
  const digestOf = (sizes: Readonly<Record<string, number>>) => {
    const digest = createSizesDigest(digester)
    for (const [key, size] of Object.entries(sizes)) digest.add(key, size)
    return digest.digest()
  }
  assert.equal(digestOf({ '.fingerpost/lock-1': 3, a: 1 }), digestOf({ a: 1 }))
  assert.notEqual(digestOf({ a: 1 }), digestOf({ a: 2 }))
  assert.notEqual(digestOf({ a: 1, b: 1 }), digestOf({ a: 1 }))
  const many = Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`file-${at}`, at]))
  assert.notEqual(digestOf(many), digestOf({ ...many, 'file-77': 0 }), 'more than one piece')
})
