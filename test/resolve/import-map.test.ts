import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { createImportMap, formatImportMap } from '../../src/resolve/import-map.ts'
import { createManifestResolver } from '../../src/resolve/manifest-resolver.ts'
import { makeTree } from '../support/tree.ts'

const SRC = {
  'app.js': 'import { a } from "./lib/a b.js"; import "three"; import("./late.js")',
  'other.js': 'import "./lib/c.js"',
  'late.js': '',
  lib: { 'a b.js': 'export const a = 1', 'c.js': '' },
  vendor: { 'three.js': 'export default 3', addons: { 'x.js': '', 'y.css': '', 'README.md': '' } },
}

async function manifestOf(context: TestContext, options: Partial<BuildOptions>) {
  const cwd = makeTree(context, { src: SRC })
  const importMap = { three: 'vendor/three.js', 'three/addons/': 'vendor/addons/' }
  const built = await build({ sources: ['src'], cache: false, encodings: [], importMap, ...options }, { cwd })
  return built.manifest
}

test('configured specifiers lead to hashed files, folders spelled out', async (context) => {
  const manifest = await manifestOf(context, {})
  const resolver = createManifestResolver(manifest)
  const { imports, integrity } = createImportMap(manifest, resolver)
  assert.deepEqual(imports, {
    three: resolver.resolve('vendor/three.js'),
    'three/addons/x.js': resolver.resolve('vendor/addons/x.js'),
    'three/addons/y.css': resolver.resolve('vendor/addons/y.css'),
  })
  assert.equal(integrity[resolver.resolve('app.js')], resolver.integrity('app.js'))
  assert.equal(Object.keys(integrity).length, 7)
})

test('under an import map every URL a module asks for leads to its hashed file', async (context) => {
  const manifest = await manifestOf(context, { modules: 'import-map' })
  const resolver = createManifestResolver(manifest, '/mounted/')
  const { imports } = createImportMap(manifest, resolver)
  assert.equal(imports['/mounted/lib/a%20b.js'], resolver.resolve('lib/a b.js'))
  assert.equal(imports['/mounted/late.js'], resolver.resolve('late.js'))
  assert.equal(imports['three'], resolver.resolve('vendor/three.js'))
})

test('a changed leaf renames itself alone under an import map, and what is above it otherwise', async (context) => {
  const filesOf = async (modules: 'rewrite' | 'import-map', leaf: string) => {
    const cwd = makeTree(context, {
      src: { 'a.js': 'import "./b.js"', 'b.js': 'import "./c.js"', 'c.js': leaf },
    })
    const { manifest } = await build({ sources: ['src'], cache: false, encodings: [], modules }, { cwd })
    return [...manifest.assets.values()].map(({ file }) => file)
  }
  const renamed = async (modules: 'rewrite' | 'import-map') => {
    const before = await filesOf(modules, '1')
    return (await filesOf(modules, '2')).filter((file) => !before.includes(file)).length
  }
  assert.equal(await renamed('import-map'), 1)
  assert.equal(await renamed('rewrite'), 3)
})

test('entries leave out what they do not lead to', async (context) => {
  const manifest = await manifestOf(context, { modules: 'import-map' })
  const resolver = createManifestResolver(manifest)
  const { imports, integrity } = createImportMap(manifest, resolver, ['app.js'])
  assert.deepEqual(
    Object.keys(imports).filter((key) => key.startsWith('/')),
    [
      '/static/app.js',
      '/static/late.js',
      '/static/lib/a%20b.js',
      '/static/vendor/addons/x.js',
      '/static/vendor/three.js',
    ],
  )
  assert.ok(!(resolver.resolve('other.js') in integrity))
  assert.throws(() => createImportMap(manifest, resolver, ['ap.js']), { code: 'FP_UNKNOWN_NAME' })
})

test('a specifier that stands for nothing is refused', async (context) => {
  await assert.rejects(manifestOf(context, { importMap: { three: 'vendor/tree.js' } }), {
    code: 'FP_CONFIG',
    message: /three.*vendor\/three\.js/s,
  })
})

test('nothing in the tag can end it, and a nonce is only a nonce', () => {
  const map = { imports: { '</script><!--': '/a.js' }, integrity: {} }
  const tag = formatImportMap(map, 'q83v+A==')
  assert.ok(tag.startsWith('<script type="importmap" nonce="q83v+A==">{'))
  assert.equal(tag.indexOf('</script>'), tag.length - '</script>'.length)
  assert.deepEqual(JSON.parse(tag.slice(tag.indexOf('{'), -'</script>'.length)), map)
  assert.throws(() => formatImportMap(map, '"><script>'), { code: 'FP_CONFIG' })
})
