import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { createLiveResolver } from '../../../src/live/resolve/live-resolver.ts'
import { createManifestResolver } from '../../../src/resolve/manifest-resolver.ts'
import { makeTree, readTree, type Tree, writeTree } from '../../support/tree.ts'

function pack(name: string, version: string, files: Tree, fields: object = {}): Tree {
  return { 'package.json': JSON.stringify({ name, version, ...fields }), ...files }
}

const PACKAGES: Tree = {
  a: pack(
    'a',
    '2.0.0',
    {
      'index.js': 'import "b"; import "./node.js"; new URL("./a.css", import.meta.url)',
      'a.css': 'a{b:url(d.png)}',
      'd.png': 'd',
      'node.js': 'import "fs"',
      'web.js': 'export const env = process.env.NODE_ENV',
    },
    { module: 'index.js', browser: { './node.js': './web.js' } },
  ),
  b: {
    ...pack('b', '1.0.0', { 'index.js': 'export * from "a"' }, { module: 'index.js' }),
    node_modules: { a: pack('a', '1.0.0', { 'index.js': 'export const a = 1' }, { module: 'index.js' }) },
  },
  only: pack('only', '1.0.0', { 'index.js': 'export {}' }, { module: 'index.js' }),
}

async function setUp(context: TestContext, tree: Tree, options: Partial<BuildOptions> = {}) {
  const cwd = makeTree(context, tree)
  const settings: BuildOptions = {
    sources: ['src'],
    cache: false,
    encodings: [],
    importMap: { packages: 'auto' },
    ...options,
  }
  const live = await createLiveResolver({ build: settings, cwd, now: Date.now })
  /** The next request: a new turn of the event loop. */
  const next = () => live.changes().map(({ path }) => path)
  return { cwd, live, next, settings }
}

for (const modules of ['rewrite', 'import-map'] as const) {
  test(`packages have the names, bytes and import map of a build: ${modules}`, async (context) => {
    const importMap = { packages: { names: ['a', 'only'], nodeEnv: 'development' } } as const
    const src = { 'app.js': 'import "a"', 'plain.js': 'export {}' }
    const { cwd, live, settings } = await setUp(
      context,
      { src, node_modules: PACKAGES },
      { importMap, modules },
    )
    const { manifest } = await build(settings, { cwd })
    const built = readTree(join(cwd, 'staticfiles'))
    const resolver = createManifestResolver(manifest)
    assert.deepEqual(live.importMap(['app.js']), resolver.importMap(['app.js']))
    assert.deepEqual(live.importMap(['only']), resolver.importMap(['only']))
    const [found, expected] = [live.importMap(), resolver.importMap()]
    assert.deepEqual(
      { ...found, integrity: sorted(found.integrity) },
      { ...expected, integrity: sorted(expected.integrity) },
    )
    assert.ok(manifest.assets.size >= 9)
    for (const [path, asset] of manifest.assets) {
      assert.deepEqual(live.find(path)?.read(), built.get(asset.file), path)
      assert.deepEqual(live.find(path)?.asset, { ...asset, encodings: {} })
    }
    await live.relist()
    assert.deepEqual([...live.names()].sort(), [...manifest.assets.keys()])
  })
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

test('an import that is added leads to its package at once', async (context) => {
  const { cwd, live, next } = await setUp(context, { src: { 'app.js': '' }, node_modules: PACKAGES })
  assert.deepEqual(live.importMap(['app.js']).imports, {})
  writeFileSync(join(cwd, 'src/app.js'), 'import "only"')
  next()
  assert.deepEqual(Object.keys(live.importMap(['app.js']).imports), ['only'])
})

test('a package is found once it is installed, and an update takes its place', async (context) => {
  const { cwd, live, next } = await setUp(context, { src: { 'app.js': 'import "only"' } })
  assert.match(
    live.find('app.js')?.read().toString() ?? '',
    /throw new Error\("app\.js:1:9 {2}only is not found from .*npm install only/,
  )
  const install = (version: string) => {
    rmSync(join(cwd, 'node_modules'), { recursive: true, force: true })
    writeTree(cwd, {
      node_modules: {
        only: pack('only', version, { 'index.js': `export const v = '${version}'` }, { module: 'index.js' }),
      },
    })
    next()
  }
  install('1.0.0')
  assert.equal(live.find('app.js')?.read().toString(), 'import "only"')
  assert.match(
    live.importMap(['app.js']).imports['only'] ?? '',
    /^\/static\/npm\/only@1\.0\.0\/index\.\w{16}\.js$/,
  )
  install('1.1.0')
  assert.match(
    live.importMap(['app.js']).imports['only'] ?? '',
    /^\/static\/npm\/only@1\.1\.0\/index\.\w{16}\.js$/,
  )
  await live.relist()
  assert.deepEqual([...live.names()], ['app.js', 'npm/only@1.1.0/index.js'])
})

test('what a browser cannot run is said in its console, and gone once the import is', async (context) => {
  const node_modules = { react: pack('react', '19.0.0', { 'index.js': 'module.exports = 1' }) }
  const { cwd, live, next } = await setUp(context, { src: { 'app.js': 'import "react"' }, node_modules })
  const read = () => live.find('app.js')?.read().toString() ?? ''
  assert.match(
    read(),
    /^throw new Error\("app\.js:1:9 {2}react is CommonJS \(npm\/react@19\.0\.0\/index\.js\)/,
  )
  writeFileSync(join(cwd, 'src/app.js'), 'export {}')
  next()
  assert.equal(read(), 'export {}')
  assert.deepEqual(live.problems(), [])
})

test('imports that browsers refuse are the problems of a build, in pages too', async (context) => {
  const { cwd, live, next, settings } = await setUp(
    context,
    {
      src: {
        'app.js': 'import "./a.json"; import a from "./a.js"',
        'a.json': '{}',
        'a.js': 'exports.a = 1',
        'a.html': '<script type="module">import "./a.json"</script>',
      },
      node_modules: { '@q/r': {} },
      'secret.js': '',
    },
    { html: true },
  )
  const { problems } = await build(settings, { cwd })
  for (const path of ['a.html', 'app.js']) live.resolve(path)
  assert.deepEqual(
    problems.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`),
    ['a.html:1:31 import', 'app.js:1:9 import', 'app.js:1:35 import'],
  )
  assert.deepEqual(live.problems(), problems)
  writeFileSync(join(cwd, 'src/app.js'), 'import "@q/../../secret.js"')
  next()
  assert.match(live.find('app.js')?.read().toString() ?? '', /throw new Error\(.*leads out of its package/)
})
