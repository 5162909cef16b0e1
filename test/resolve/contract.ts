import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { encodePath } from '../../src/core/path.ts'
import type { Resolver } from '../../src/resolve/resolver.ts'
import { makeTree, type Tree } from '../support/tree.ts'

/** Makes a resolver over the sources of a working directory. */
export type MakeResolver = (options: BuildOptions, cwd: string) => Promise<Resolver>

/** A site with every kind of knot: nested imports, a circle, a self-reference, a map, twins, odd names, two sources. */
export const KNOTTED_SITE: Tree = {
  assets: {
    'css/site.css':
      '@import "base.css";\nbody { background: url("../img/logo.svg?v=1#x") }\n/*# sourceMappingURL=site.css.map */',
    'css/site.css.map':
      '{"version":3,"file":"site.css","sources":["site.scss"],"names":[],"mappings":"AAAA;AACA"}',
    'css/base.css': '@import url(reset.css);',
    'css/reset.css': '* { margin: 0 }',
    'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'img/twin.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'js/ping.js': "import { pong } from './pong.js'\nexport const ping = () => pong",
    'js/pong.js': "import { ping } from './ping.js'\nimport './leaf.mjs'\nexport const pong = () => ping",
    'js/leaf.mjs': 'export default new URL("./leaf.mjs", import.meta.url)',
    'odd/a b+c é?.txt': 'odd',
    LICENSE: 'mine',
  },
  vendor: { 'lib.css': 'a{}', 'css/site.css': 'shadowed' },
}

const OPTIONS: BuildOptions = { sources: ['assets', 'v=vendor', 'vendor'] }

const NAMES = [
  'css/site.css',
  'css/site.css.map',
  'css/base.css',
  'css/reset.css',
  'img/logo.svg',
  'img/twin.svg',
  'js/ping.js',
  'js/pong.js',
  'js/leaf.mjs',
  'odd/a b+c é?.txt',
  'LICENSE',
  'lib.css',
  'v/lib.css',
  'v/css/site.css',
]

/** What every resolver promises. Names are computed in several orders: what was asked before must not matter. */
export function testResolverContract(name: string, makeResolver: MakeResolver): void {
  const setUp = async (context: TestContext, options: BuildOptions = OPTIONS) => {
    const cwd = makeTree(context, KNOTTED_SITE)
    const { manifest } = await build({ ...options, cache: false }, { cwd, mode: 'dry-run' })
    const files = [...manifest.assets].map(([path, { file }]) => [path, `/static/${encodePath(file)}`])
    const urls: Readonly<Record<string, string>> = Object.fromEntries(files)
    return { resolver: await makeResolver(options, cwd), urls }
  }

  test(`${name}: every name has the URL a build gives it`, async (context) => {
    const { resolver, urls } = await setUp(context)
    assert.deepEqual(Object.keys(urls).sort(), [...NAMES].sort())
    for (const path of NAMES) assert.equal(resolver.resolve(path), urls[path])
  })

  test(`${name}: the order of questions changes no answer`, async (context) => {
    const { resolver, urls } = await setUp(context)
    for (const path of [...NAMES].reverse()) assert.equal(resolver.resolve(path), urls[path])
  })

  test(`${name}: suffixes pass through, integrity and description belong to the file`, async (context) => {
    const { resolver, urls } = await setUp(context)
    assert.equal(resolver.resolve('LICENSE?a=1#b'), `${urls['LICENSE']}?a=1#b`)
    assert.equal(resolver.integrity('LICENSE?a'), resolver.integrity('LICENSE'))
    assert.match(resolver.integrity('css/site.css'), /^sha384-[\w+/]{64}$/)
    assert.deepEqual(resolver.describe('css/site.css#x'), {
      path: 'css/site.css',
      url: urls['css/site.css'],
      type: 'text/css; charset=utf-8',
      integrity: resolver.integrity('css/site.css'),
      references: [
        { path: 'css/base.css', kind: 'css-import' },
        { path: 'css/site.css.map', kind: 'source-map' },
        { path: 'img/logo.svg', kind: 'css-url' },
      ],
    })
  })

  test(`${name}: what only a module can be is known for one`, async (context) => {
    const { resolver } = await setUp(context)
    for (const path of ['js/ping.js', 'js/pong.js?x', 'js/leaf.mjs']) assert.ok(resolver.isModule(path), path)
    assert.ok(!resolver.isModule('css/site.css'))
    assert.throws(() => resolver.isModule('js/pin.js'), { code: 'FP_UNKNOWN_NAME' })
  })

  test(`${name}: an unknown name throws with the nearest ones`, async (context) => {
    const { resolver } = await setUp(context)
    for (const path of ['css/sit.css', 'css/sit.css?x']) {
      assert.throws(() => resolver.resolve(path), { code: 'FP_UNKNOWN_NAME', message: /css\/site\.css/ })
    }
    for (const path of [
      '',
      '/css/site.css',
      '../LICENSE',
      'css',
      'css/../LICENSE',
      'css/site.css/',
      'a\0b',
    ]) {
      assert.throws(() => resolver.resolve(path), { code: 'FP_UNKNOWN_NAME' }, path)
    }
  })

  test(`${name}: what is not the name of a file is told from a misspelt one`, async (context) => {
    const { resolver } = await setUp(context)
    for (const given of [undefined, null, Number.NaN, {}]) {
      const message = /name of a file is text, not (undefined|null|NaN|an object)\..*\n.*in quotes/
      for (const ask of [resolver.resolve, resolver.integrity, resolver.describe, resolver.isModule]) {
        assert.throws(() => ask(given as never), { code: 'FP_UNKNOWN_NAME', message })
      }
    }
    for (const given of ['', 'img', 'img/', 'img/?v=1', '#top']) {
      const message = /names a folder\. Only files have URLs\.\n.*static\('img\/' \+ name\)/
      assert.throws(() => resolver.resolve(given), { code: 'FP_UNKNOWN_NAME', message }, given)
    }
  })

  test(`${name}: the url of the options stands before every name`, async (context) => {
    const { resolver } = await setUp(context, { ...OPTIONS, url: 'https://cdn.example/s' })
    assert.equal(resolver.url, 'https://cdn.example/s/')
    assert.match(
      resolver.resolve('img/logo.svg'),
      /^https:\/\/cdn\.example\/s\/img\/logo\.[0-9a-f]{16}\.svg$/,
    )
  })
}
