import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { build } from '../../../src/builder/build.ts'
import { canEncode } from '../../../src/builder/compress/compression-rule.ts'
import { createEncoder } from '../../../src/builder/compress/encoder.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { makeTree } from '../../support/tree.ts'

const digester = await createDigester()
const TEXT = Buffer.from('body { color: rebeccapurple; background: papayawhip }\n'.repeat(200))
const hasZstd = typeof Reflect.get(zlib, 'zstdCompress') === 'function'

test('brotli-wasm makes the same bytes on every Node version', async (context) => {
  const encoder = await createEncoder({ brotli: 'wasm' })
  context.after(() => encoder.close())
  const encoded = await encoder.encode(TEXT, { encoding: 'br', quality: 11 })
  assert.deepEqual(zlib.brotliDecompressSync(encoded), TEXT)
  // Written down once, on Node 20; a difference means that the lockfile's encoder has changed.
  assert.equal(digester.of(encoded), 'fbbf742a27f225ad')
})

test('many jobs at once come back each with its own bytes', async (context) => {
  const encoder = await createEncoder({ brotli: 'wasm' })
  context.after(() => encoder.close())
  const texts = Array.from({ length: 20 }, (_, index) => Buffer.from(`${index} `.repeat(100 + index)))
  const encoded = await Promise.all(texts.map((text) => encoder.encode(text, { encoding: 'br', quality: 5 })))
  texts.forEach((text, index) => {
    assert.deepEqual(zlib.brotliDecompressSync(encoded[index] ?? Buffer.alloc(0)), text)
  })
  assert.deepEqual(zlib.gunzipSync(await encoder.encode(TEXT, { encoding: 'gzip', quality: 9 })), TEXT)
})

test('the key of a cached variant tells encoder, quality and version apart', async (context) => {
  const native = await createEncoder({ brotli: 'native' })
  const wasm = await createEncoder({ brotli: 'wasm' })
  context.after(() => Promise.all([native.close(), wasm.close()]))
  const versions = [native, wasm].flatMap((encoder) =>
    ([4, 11] as const).map((quality) => encoder.versionOf({ encoding: 'br', quality })),
  )
  assert.equal(new Set(versions).size, 4)
  assert.match(versions[0] ?? '', new RegExp(`^br 4 brotli ${process.versions['brotli']}`))
  assert.match(versions[3] ?? '', /^br 11 brotli-wasm \d+\.\d+\.\d+$/)
})

test('zstd is made where the runtime has it', async (context) => {
  assert.equal(canEncode('zstd'), hasZstd)
  if (!hasZstd) return context.skip('this Node has no zstd')
  const encoder = await createEncoder({ brotli: 'native' })
  context.after(() => encoder.close())
  const encoded = await encoder.encode(TEXT, { encoding: 'zstd', quality: 19 })
  const decompress: (bytes: Buffer) => Buffer = Reflect.get(zlib, 'zstdDecompressSync')
  assert.deepEqual(decompress(encoded), TEXT)
  // The descriptor of the frame tells that the size of the content follows (RFC 8878 §3.1.1.1), on every Node.
  assert.ok(((encoded[4] ?? 0) & 0b1110_0000) !== 0)
})

test('the same config builds where zstd is missing, and says that it is left out', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': TEXT } })
  const { manifest, leftOut } = await build(
    { sources: ['src'], encodings: ['zstd', 'gzip'], cache: false },
    { cwd },
  )
  const encodings = Object.keys(manifest.assets.get('a.css')?.encodings ?? {})
  assert.deepEqual(leftOut, hasZstd ? [] : ['zstd'])
  assert.deepEqual(encodings, hasZstd ? ['zstd', 'gzip'] : ['gzip'])
})
