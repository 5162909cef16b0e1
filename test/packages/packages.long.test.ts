import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { SourceMapConsumer } from 'source-map-js'
import { build } from '../../src/builder/build.ts'
import type { Manifest } from '../../src/core/manifest/manifest.ts'
import { decodePath, encodePath, extensionOf } from '../../src/core/path.ts'
import { makeTree } from '../support/tree.ts'
import { cssUrls, jsUrls, readText, type SeenUrl } from './census.ts'

interface Package {
  readonly version: string
  readonly allowMissing?: readonly string[]
  /** What the parsers that aren't ours find in this version: URLs that lead to a file of the package. */
  readonly references: number
}

/** FINGERPOST_PACKAGES=all builds all twenty, after `npm run packages`; otherwise those that are installed anyway. */
const all = process.env['FINGERPOST_PACKAGES'] === 'all'
const QUICK: readonly string[] = ['bootstrap', 'katex', 'leaflet', 'flag-icons', 'lodash-es']
const home = import.meta.dirname
const root = join(home, '..', '..')
const modules = join(all ? join(root, '.cache', 'packages') : root, 'node_modules')
const pinned = JSON.parse(readFileSync(join(home, 'packages.json'), 'utf8')) as Readonly<
  Record<string, Package>
>

/** Maps that are read mapping by mapping, per package, and the largest of them: the consumer is slow. */
const MAPS_MAX = 20
const MAP_MAX_BYTES = 400_000

for (const [name, expected] of Object.entries(pinned)) {
  if (!all && !QUICK.includes(name)) continue
  test(`${name}: every reference leads to the hashed file, as parsers that aren't ours see it`, async (context) => {
    const source = join(modules, name)
    assert.ok(existsSync(source), `${source} is missing: npm ci, or npm run packages for all of them`)
    const result = await census(context, source, expected.allowMissing ?? [])
    context.diagnostic(
      `${name}: ${result.references} references, ${result.positions} mapped positions, ${result.unreadable} files no parser reads`,
    )
    assert.equal(result.references, expected.references)
  })
}

async function census(context: TestContext, source: string, allowMissing: readonly string[]) {
  const cwd = makeTree(context)
  const { manifest } = await build(
    { sources: [source], cache: false, encodings: [], allowMissing, ignore: ['node_modules'] },
    { cwd },
  )
  const total = { references: 0, positions: 0, unreadable: 0, maps: 0 }
  for (const [path, { file }] of manifest.assets) {
    const before = readFileSync(join(source, path))
    const after = readFileSync(join(cwd, 'staticfiles', file))
    const urlsIn = readerFor(path)
    if (urlsIn === undefined) continue
    const [was, is] = [urlsIn(readText(before)), urlsIn(readText(after))]
    if (was === undefined || is === undefined) {
      assert.equal(was, is, `${path} can be parsed on one side only`)
      total.unreadable++
      continue
    }
    total.references += compare(path, was, is, manifest)
    const map = manifest.assets.get(`${path}.map`)
    if (map === undefined || map.size > MAP_MAX_BYTES || before.equals(after) || total.maps >= MAPS_MAX)
      continue
    total.maps++
    const mapBefore = readFileSync(join(source, `${path}.map`), 'utf8')
    const mapAfter = readFileSync(join(cwd, 'staticfiles', map.file), 'utf8')
    total.positions += compareMaps([readText(before), mapBefore], [readText(after), mapAfter], path)
  }
  return total
}

function readerFor(path: string): ((text: string) => readonly SeenUrl[] | undefined) | undefined {
  if (extensionOf(path) === '.css') return cssUrls
  return ['.js', '.mjs'].includes(extensionOf(path)) ? jsUrls : undefined
}

/** @returns how many of the URLs lead to a file of the build */
function compare(path: string, was: readonly SeenUrl[], is: readonly SeenUrl[], manifest: Manifest): number {
  assert.equal(is.length, was.length, `${path} has other references than its source`)
  let count = 0
  was.forEach((seen, index) => {
    const target = follow(path, seen)
    const file = target === undefined ? undefined : manifest.assets.get(target)?.file
    const now = is[index]?.url
    if (file === undefined) assert.equal(now, seen.url, `${path}: ${seen.url} is not ours to change`)
    else {
      count++
      const expected = new URL(seen.url, baseOf(path))
      const actual = new URL(now ?? '', baseOf(path))
      assert.equal(decodePath(actual.pathname), `/static/${file}`, `${path}: ${seen.url}`)
      assert.equal(actual.search + actual.hash, expected.search + expected.hash)
    }
  })
  return count
}

const baseOf = (path: string) => `https://site.test/static/${encodePath(path)}`

/** The logical path a URL leads to, worked out by Node's URL class. */
function follow(path: string, { url, isModule }: SeenUrl): string | undefined {
  if (isModule && !/^\.{0,2}\//.test(url)) return undefined
  if (url === '' || /^[#?]/.test(url) || !URL.canParse(url, baseOf(path))) return undefined
  const { origin, pathname } = new URL(url, baseOf(path))
  return origin === 'https://site.test' && pathname.startsWith('/static/')
    ? decodePath(pathname.slice('/static/'.length))
    : undefined
}

type Mapped = readonly [text: string, map: string]

/** @returns how many positions stand before the same character as they did in the source */
function compareMaps(was: Mapped, is: Mapped, path: string): number {
  const [before, after] = [positionsOf(was), positionsOf(is)]
  assert.deepEqual(after, before, `the map of ${path} has gone wrong`)
  return after.length
}

/** Every mapping as the text that follows its place in the generated file, and its place in the original. */
function positionsOf([text, map]: Mapped): readonly string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|[\n\r]/)
  const positions: string[] = []
  new SourceMapConsumer(JSON.parse(map)).eachMapping((mapping) => {
    const { generatedLine, generatedColumn, source, originalLine, originalColumn } = mapping
    const next = lines[generatedLine - 1]?.[generatedColumn] ?? ''
    positions.push(`${next} ${source} ${originalLine} ${originalColumn}`)
  })
  return positions
}
