import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { build } from '../../src/builder/build.ts'
import { createCompressionRules } from '../../src/builder/compress/compression-rule.ts'
import { type BuildOptions, parseBuildOptions } from '../../src/builder/settings/options.ts'
import { makeTree, readTree } from '../support/tree.ts'

/** Text that encoders compress the better the longer they look. */
const TEXT = Array.from({ length: 3000 }, (_, at) => `.c${(at * 7919) % 1000} { order: ${at % 17} }`).join(
  '\n',
)

test('a fast build has the names of the best one, and larger variants of its own', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': `${TEXT} b{background:url(b.svg)}`, 'b.svg': '<svg/>' } })
  const run = async (quality: BuildOptions['quality']) => {
    const options = { sources: ['src'], cache: { dir: 'cache' }, ...(quality && { quality }) }
    const { manifest, work } = await build(options, { cwd })
    const { file, encodings, ...rest } = manifest.assets.get('a.css') ?? assert.fail()
    return { file, encodings, rest, work, out: readTree(join(cwd, 'staticfiles')) }
  }
  const best = await run(undefined)
  const fast = await run('fast')
  assert.deepEqual([fast.file, fast.rest], [best.file, best.rest])
  assert.equal(fast.work.encoded, best.work.encoded, 'none is taken from the best build')
  for (const [encoding, suffix, decode] of [
    ['br', '.br', brotliDecompressSync],
    ['gzip', '.gz', gunzipSync],
  ] as const) {
    const bytes = fast.out.get(fast.file + suffix) ?? assert.fail()
    assert.equal(bytes.length, fast.encodings[encoding]?.size)
    assert.deepEqual(decode(bytes), fast.out.get(fast.file))
    assert.ok(bytes.length > (best.encodings[encoding]?.size ?? 0), encoding)
  }
  assert.deepEqual((await run('best')).encodings, best.encodings)
})

test('fast changes the usual qualities, not those that are asked for, and makes no deltas', () => {
  const options = { sources: [], compress: { '*.map': { br: 9 } }, dictionaries: true }
  const config = parseBuildOptions({ ...options, quality: 'fast' }, '/')
  const rulesFor = createCompressionRules(config)
  const gzip = { encoding: 'gzip', quality: 6 }
  assert.deepEqual(rulesFor('a.css'), [{ encoding: 'br', quality: 5 }, gzip])
  assert.deepEqual(rulesFor('a.map'), [{ encoding: 'br', quality: 9 }, gzip])
  assert.equal(config.dictionaries, false)
  assert.notEqual(parseBuildOptions(options, '/').dictionaries, false)
})
