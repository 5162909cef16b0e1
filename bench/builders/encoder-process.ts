import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

// Compresses files with one encoder at one quality, one after the other on one core, and reports bytes and time.
// Arguments: the encoder, the quality, the files.

const [encoder = '', quality = '', ...files] = process.argv.slice(2)
const level = Number(quality)
const encode = chooseEncoder()
const contents = files.map((file) => readFileSync(file))
encode(Buffer.from('warm up'))

const before = process.cpuUsage()
let output = 0
for (const bytes of contents) output += encode(bytes).length
const { user, system } = process.cpuUsage(before)
const input = contents.reduce((sum, bytes) => sum + bytes.length, 0)
process.stdout.write(JSON.stringify({ input, output, cpuMs: (user + system) / 1000 }))

function chooseEncoder(): (bytes: Buffer) => Uint8Array {
  if (encoder === 'gzip') return (bytes) => gzipSync(bytes, { level })
  if (encoder === 'brotli') {
    return (bytes) =>
      brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      })
  }
  const wasm = createRequire(import.meta.url)('brotli-wasm') as {
    compress(bytes: Uint8Array, options: { readonly quality: number }): Uint8Array
  }
  return (bytes) => wasm.compress(bytes, { quality: level })
}
