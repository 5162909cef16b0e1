import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { isCompressible } from '../../src/core/media-type.ts'

// The floor: reads every file, compresses each distinct compressible content once, writes nothing. No build that
// makes the same siblings can be faster. What counts as compressible it asks fingerpost, so that both compress the same
// files. Arguments: the source folder, how many files may be in work at once.

const [source = '', width = '4'] = process.argv.slice(2)
const brotli = promisify(brotliCompress)
const deflate = promisify<Buffer, { level: number }, Buffer>(gzip)

const entries = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
)
const paths = entries.map((entry) =>
  relative(source, join(entry.parentPath, entry.name)).split(sep).join('/'),
)
const seen = new Set<string>()
let written = 0

await Promise.all(Array.from({ length: Number(width) }, work))
process.stdout.write(JSON.stringify({ files: entries.length, distinct: seen.size, compressedBytes: written }))

async function work(): Promise<void> {
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const bytes = await readFile(join(source, path))
    if (!isCompressible(path) || bytes.length === 0) continue
    const digest = createHash('sha1').update(bytes).digest('base64')
    if (seen.has(digest)) continue
    seen.add(digest)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    const [br, gz] = await Promise.all([brotli(bytes, { params }), deflate(bytes, { level: 9 })])
    written += br.length + gz.length
  }
}
