import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defineConfig } from '../../../src/builder/settings/config-file.ts'
import { BUILD_DEFAULTS, parseBuildOptions } from '../../../src/builder/settings/options.ts'

const parse = (options: unknown) => parseBuildOptions(options, '/srv/app')

test('sources are all that must be said', () => {
  const config = parse({ sources: ['assets'] })
  assert.equal(config.out, '/srv/app/staticfiles')
  assert.equal(config.url.href, '/static/')
  assert.deepEqual(config.encodings, ['br', 'gzip'])
  assert.equal(config.brotli, 'native')
  assert.equal(config.onMissing, 'error')
  assert.deepEqual(config.cache, {
    dir: '/srv/app/node_modules/.cache/fingerpost',
    maxBytes: 512 * 1024 * 1024,
  })
})

test('encodings come out in one order, however they are written', () => {
  const { encodings } = parse({ sources: [], encodings: ['gzip', 'zstd', 'br', 'gzip'] })
  assert.deepEqual(encodings, ['br', 'zstd', 'gzip'])
})

test('a source is text or a folder and a prefix', () => {
  const sources = ['a', 'x=b', { dir: 'c' }, { dir: 'd', prefix: 'y' }]
  const read = ['a', 'x=b', { dir: 'c', prefix: '' }, { dir: 'd', prefix: 'y' }]
  assert.deepEqual(parse({ sources }).sources, read)
})

test('an option that is misspelt names the one that was meant', () => {
  assert.throws(() => parse({ sources: [], encoding: ['br'] }), {
    code: 'FP_CONFIG',
    message: 'There is no option "encoding" in the options.\n  Did you mean encodings?',
  })
})

test('an option that stands in another, instead of beside it, is told where it belongs', () => {
  assert.throws(() => parse({ sources: [], cache: { encodings: ['br'] } }), {
    code: 'FP_CONFIG',
    message: 'There is no option "encodings" in cache.\n  It stands beside it: { cache: …, encodings: … }',
  })
})

test('a value of the wrong shape is named with its place', () => {
  const cases: readonly [unknown, RegExp][] = [
    [undefined, /the options should be an object/],
    [[], /the options should be an object/],
    [{ sources: 'a' }, /sources should be a list, such as \["a"\]; it is "a"/],
    [{ sources: [1] }, /sources\[0\] should be an object; it is 1/],
    [{ sources: [{ prefix: 'a' }] }, /sources\[0\] should be a folder/],
    [{ sources: [], encodings: ['deflate'] }, /encodings\[0\] should be one of br, zstd, gzip/],
    [{ sources: [], onMissing: 'ignore' }, /onMissing should be one of error, warn/],
    [{ sources: [], compress: { '*.map': { br: 12 } } }, /br should be false or a whole number from 0 to 11/],
    [{ sources: [], compress: { '*.map': { lz: 1 } } }, /no option "lz" in compress\[\*\.map\]/],
    [{ sources: [], cache: { maxBytes: -1 } }, /maxBytes should be a whole number/],
    [{ sources: [], cache: true }, /cache should be an object or false; it is true/],
    [{ sources: [], url: 'static' }, /neither a path nor an http\(s\) address/],
  ]
  for (const [value, message] of cases) assert.throws(() => parse(value), { code: 'FP_CONFIG', message })
})

test('no cache is said with false', () => {
  assert.equal(parse({ sources: [], cache: false }).cache, false)
  assert.deepEqual(parse({ sources: [], cache: { dir: '/elsewhere', maxBytes: 5 } }).cache, {
    dir: '/elsewhere',
    maxBytes: 5,
  })
})

test('defineConfig gives back what it was given', () => {
  const options = { sources: ['a'] }
  assert.equal(defineConfig(options), options)
})

test('every docstring says the default of its row', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../src/builder/settings/options.ts'), 'utf8')
  for (const [name, value] of Object.entries(BUILD_DEFAULTS)) {
    if (typeof value !== 'string' && value !== false) continue
    const [, doc = ''] =
      new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s+readonly ${name}\\?:`).exec(source) ?? []
    assert.match(doc.replace(/[`'*\s]+/g, ' '), new RegExp(`Default ${value}\\b|Default ${value}`), name)
  }
})
