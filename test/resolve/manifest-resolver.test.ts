import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import { formatManifest } from '../../src/core/manifest/format.ts'
import { parseManifest } from '../../src/core/manifest/manifest.ts'
import { createManifestResolver } from '../../src/resolve/manifest-resolver.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'
import { testResolverContract } from './contract.ts'

testResolverContract('manifest resolver', async (options, cwd) => {
  const { manifest } = await build({ ...options, cache: false }, { cwd })
  return createManifestResolver(manifest)
})

async function manifestOf(context: Parameters<typeof makeTree>[0], url = '/static/') {
  return writeBuild(makeTree(context), { 'css/site.css': 'a{}', 'img/ü b.png': 'png' }, { url })
}

test('a name becomes the URL of its hashed file', async (context) => {
  const manifest = await manifestOf(context)
  const file = manifest.assets.get('css/site.css')?.file
  assert.equal(createManifestResolver(manifest).resolve('css/site.css'), `/static/${file}`)
})

test('a query and a fragment pass through', async (context) => {
  const resolver = createManifestResolver(await manifestOf(context))
  assert.match(resolver.resolve('css/site.css?v=1#top'), /^\/static\/css\/site\.[0-9a-f]{16}\.css\?v=1#top$/)
})

test('names are percent-encoded for every place a URL may stand in', async (context) => {
  const resolver = createManifestResolver(await manifestOf(context))
  assert.match(resolver.resolve('img/ü b.png'), /^\/static\/img\/%C3%BC%20b\.[0-9a-f]{16}\.png$/)
})

test('a build for a CDN gives addresses on it', async (context) => {
  const resolver = createManifestResolver(await manifestOf(context, 'https://cdn.example/s/'))
  assert.match(resolver.resolve('css/site.css'), /^https:\/\/cdn\.example\/s\/css\/site\./)
})

test('the integrity is the manifest’s', async (context) => {
  const manifest = await manifestOf(context)
  const integrity = createManifestResolver(manifest).integrity('css/site.css')
  assert.equal(integrity, manifest.assets.get('css/site.css')?.integrity)
})

test('an unknown name is an error that names the nearest', async (context) => {
  const resolver = createManifestResolver(await manifestOf(context))
  const expected = { code: 'FP_UNKNOWN_NAME', message: /"css\/stie\.css" .*\n.*css\/site\.css/ }
  assert.throws(() => resolver.resolve('css/stie.css'), expected)
  assert.throws(() => resolver.integrity('css/stie.css'), expected)
})

test('names that objects inherit are unknown', async (context) => {
  const manifest = parseManifest(formatManifest(await manifestOf(context)).toString(), 'manifest.json')
  const resolver = createManifestResolver(manifest)
  for (const name of ['__proto__', 'constructor', 'toString'])
    assert.throws(() => resolver.resolve(name), { code: 'FP_UNKNOWN_NAME' })
})
