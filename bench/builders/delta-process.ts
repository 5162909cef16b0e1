import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'
import { createDeltaEncoder } from '../../src/builder/compress/delta.ts'

// Compresses files, whole or as deltas against earlier versions, one after the other, and reports bytes and time.
// Arguments: the encoding, then pairs of files, before and after.

const [encoding = '', ...files] = process.argv.slice(2)
const contents = files.map((file) => readFileSync(file))
const deltas = createDeltaEncoder()

const before = process.cpuUsage()
let output = 0
for (let at = 0; at < contents.length; at += 2)
  output += (await encode(contents[at], contents[at + 1])).length
await deltas.close()
const { user, system } = process.cpuUsage(before)
process.stdout.write(JSON.stringify({ output, cpuMs: (user + system) / 1000 }))

async function encode(old = Buffer.of(), bytes = Buffer.of()): Promise<Buffer> {
  if (encoding === 'br') {
    const window = Math.min(22, Math.max(16, Math.ceil(Math.log2(bytes.length + 16))))
    const { BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = constants
    return brotliCompressSync(bytes, {
      params: { [BROTLI_PARAM_SIZE_HINT]: bytes.length, [BROTLI_PARAM_LGWIN]: window },
    })
  }
  const dictionary = { digest: '', integrity: '', size: old.length, bytes: async () => old }
  return deltas.encode(bytes, {
    encoding: encoding === 'dcz' ? 'dcz' : 'dcb',
    dictionary,
    maxBytes: Number.POSITIVE_INFINITY,
  })
}
