import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openCache } from '../../../src/builder/cache/cache.ts'
import type { CompressionRule } from '../../../src/builder/compress/compression-rule.ts'
import { createEncoder } from '../../../src/builder/compress/encoder.ts'
import { createVariantMaker } from '../../../src/builder/compress/variant.ts'
import { createDigester, fingerprintOf } from '../../../src/core/digest.ts'
import { makeTree } from '../../support/tree.ts'

const digester = await createDigester()
const encoder = await createEncoder({ brotli: 'native' })
const BR: CompressionRule = { encoding: 'br', quality: 5 }
const GZIP: CompressionRule = { encoding: 'gzip', quality: 6 }
const TEXT = Buffer.from('body { color: rebeccapurple }\n'.repeat(100))
const NOISE = Buffer.concat(
  Array.from({ length: 100 }, (_, at) => createHash('sha512').update(`${at}`).digest()),
)

/** Makers with one cache between them; each begins to count anew. */
function makers(context: TestContext) {
  const cache = openCache({ dir: join(makeTree(context), 'cache'), maxBytes: 1_000_000, digester })
  return () => createVariantMaker({ encoder, cache, digester, signal: new AbortController().signal })
}

const content = fingerprintOf(TEXT, digester)
const yes = () => true

test('variants that are known and there are recalled together', async (context) => {
  const open = makers(context)
  const first = open()
  const br = await first.make(content, BR, async () => TEXT)
  const gzip = await first.make(content, GZIP, async () => TEXT)
  assert.equal(first.count().encoded, 2)
  const second = open()
  assert.deepEqual(second.recall(content, [BR, GZIP], yes), {
    br: { size: br?.size, etag: br?.etag },
    gzip: { size: gzip?.size, etag: gzip?.etag },
  })
  assert.deepEqual(second.count(), { encoded: 0, recalled: 2 })
})

test('one that is unknown, under way or not there spoils the recall, and nothing is counted', async (context) => {
  const open = makers(context)
  const maker = open()
  await maker.make(content, BR, async () => TEXT)
  assert.equal(maker.recall(content, [BR, GZIP], yes), undefined)
  assert.equal(
    maker.recall(content, [BR], () => false),
    undefined,
  )
  maker.begin(content, BR, TEXT)
  assert.equal(maker.recall(content, [BR], yes), undefined)
  await maker.settle()
  assert.equal(maker.count().encoded, 1)
  assert.equal(open().count().recalled, 0)
})

test('what does not pay, or is empty, needs no file', async (context) => {
  const open = makers(context)
  const noise = fingerprintOf(NOISE, digester)
  assert.equal(await open().make(noise, GZIP, async () => NOISE), undefined)
  const maker = open()
  assert.deepEqual(
    maker.recall(noise, [GZIP], () => false),
    {},
  )
  assert.deepEqual(
    maker.recall(fingerprintOf(Buffer.alloc(0), digester), [BR, GZIP], () => false),
    {},
  )
})
