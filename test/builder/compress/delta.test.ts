import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import zlib from 'node:zlib'
import {
  canMakeDeltas,
  createDeltaEncoder,
  type DeltaRule,
  paramsOf,
} from '../../../src/builder/compress/delta.ts'
import { createDigester, fingerprintOf } from '../../../src/core/digest.ts'
import type { DeltaEncoding } from '../../../src/core/encoding.ts'

const MIB = 1024 * 1024
const digester = await createDigester()

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = zlib.constants
// zstd.h
const [ZSTD_LEVEL, ZSTD_WINDOW_LOG, ZSTD_LONG_DISTANCE] = [100, 101, 160]

/** Bytes of the file, of the dictionary, quality and window. */
const BROTLI: readonly (readonly [size: number, dictionary: number, quality: number, window: number])[] = [
  [1024, 1024, 11, 16],
  [2 ** 16 - 16, 1024, 11, 16],
  [2 ** 16 - 15, 1024, 11, 17],
  [MIB, MIB, 11, 21],
  [MIB - 16, MIB + 16, 11, 20],
  [MIB, MIB + 1, 9, 21],
  [1024, 2 * MIB, 9, 16],
  [2 ** 23, 1024, 9, 24],
  [50 * MIB, 50 * MIB, 9, 24],
]
for (const [size, dictionary, quality, window] of BROTLI) {
  test(`brotli makes a delta of ${size} and ${dictionary} bytes at quality ${quality}, window ${window}`, () => {
    const params = paramsOf('dcb', size, dictionary)
    assert.deepEqual([params[BROTLI_PARAM_QUALITY], params[BROTLI_PARAM_LGWIN]], [quality, window])
  })
}

/** Bytes of the file, of the dictionary, and the window: Chromium refuses more than 8 MiB or 1.25 of the dictionary. */
const ZSTD: readonly (readonly [size: number, dictionary: number, window: number])[] = [
  [200, 200, 10],
  [1024, 1024, 11],
  [1025, 1024, 12],
  [4 * MIB, 4 * MIB, 23],
  [20 * MIB, 1024, 23],
  [20 * MIB, 12 * MIB, 23],
  [20 * MIB, 13 * MIB, 24],
  [50 * MIB, 50 * MIB, 25],
]
for (const [size, dictionary, window] of ZSTD) {
  test(`zstd makes a delta of ${size} and ${dictionary} bytes at level 19, window ${window}`, () => {
    const params = paramsOf('dcz', size, dictionary)
    assert.equal(params[ZSTD_LEVEL], 19)
    assert.equal(params[ZSTD_LONG_DISTANCE], 2, 'no long-distance matching')
    assert.equal(params[ZSTD_WINDOW_LOG], window)
  })
}

/** Runs an encoder, which is closed with the test. */
function encode(context: TestContext, encoding: DeltaEncoding, old: Buffer, bytes: Buffer) {
  const encoder = createDeltaEncoder()
  context.after(() => encoder.close())
  const dictionary = { ...fingerprintOf(old, digester), bytes: async () => old }
  const rule: DeltaRule = { encoding, dictionary, maxBytes: bytes.length }
  return encoder.encode(bytes, rule)
}

type Asynchronous = (bytes: Buffer, options: object, done: (error: null, result: Buffer) => void) => void

/** Counts what the calling thread compresses. */
function countHere(context: TestContext, method: 'brotliCompress') {
  return context.mock.method(zlib, method).mock
}

// Older runtimes ignore the dictionary, and encode all the same.
test('the window and the header of brotli are in the stream', async (context) => {
  const old = Buffer.alloc(5000, 'old')
  const delta = await encode(context, 'dcb', old, Buffer.alloc(70_000, 'new'))
  const hash = createHash('sha256').update(old).digest('hex')
  assert.equal(delta.toString('hex', 0, 36), `ff444342${hash}`)
  // RFC 7932 §9.1: the bits 0000001, the last one first, are 17.
  assert.equal((delta[36] ?? 0) & 0b111_1111, 0b000_0001)
})

test('a dictionary above 1 MiB is prepared in a worker, which takes the same settings', async (context) => {
  const calls = countHere(context, 'brotliCompress')
  const bytes = Buffer.alloc(70_000, 'new')
  await encode(context, 'dcb', Buffer.alloc(MIB, 'old'), bytes)
  assert.equal(calls.callCount(), 1)
  const delta = await encode(context, 'dcb', Buffer.alloc(MIB + 1, 'old'), bytes)
  assert.equal(calls.callCount(), 1)
  assert.equal((delta[36] ?? 0) & 0b111_1111, 0b000_0001)
})

test('a delta that decodes to anything else is refused', async (context) => {
  const { brotliDecompress } = zlib
  const wrong: Asynchronous = (bytes, options, done) =>
    Reflect.apply(brotliDecompress, zlib, [
      bytes,
      options,
      (error: null, result: Buffer) => done(error, Buffer.concat([result.subarray(1), Buffer.from('x')])),
    ])
  context.mock.method(zlib, 'brotliDecompress', wrong as typeof brotliDecompress)
  await assert.rejects(encode(context, 'dcb', Buffer.from('old'), Buffer.from('new')), {
    code: 'FP_ENCODING',
    message: /wrong delta \(dcb\)/,
  })
})

test('a runtime that ignores dictionaries in silence is found out', (context) => {
  assert.equal(typeof canMakeDeltas('dcb'), 'boolean')
  const { brotliCompressSync } = zlib
  context.mock.method(zlib, 'brotliCompressSync', (bytes: Buffer) => brotliCompressSync(bytes))
  assert.equal(canMakeDeltas('dcb'), false)
})
