import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import type { ImportMapOption } from '../../../src/builder/settings/import-map.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { FingerpostError } from '../../../src/core/error.ts'
import type { Problem } from '../../../src/core/reference/problem.ts'
import { createManifestResolver } from '../../../src/resolve/manifest-resolver.ts'
import { preloadLinks } from '../../../src/serve/page/preload.ts'
import { letFilesSettle } from '../../support/clock.ts'
import { Link, makeTree, type Tree, writeTree } from '../../support/tree.ts'

const json = JSON.stringify

/** An installed package. */
function pack(name: string, version: string, fields: object, files: Tree): Tree {
  return { 'package.json': json({ name, version, ...fields }), ...files }
}

const ESM = { type: 'module', exports: './index.js' }

async function buildTree(cwd: string, importMap: ImportMapOption, options: Partial<BuildOptions> = {}) {
  const { manifest, ...report } = await build(
    { sources: ['src'], cache: false, encodings: [], importMap, ...options },
    { cwd },
  )
  const resolver = createManifestResolver(manifest)
  const read = (name: string) =>
    readFileSync(join(cwd, 'staticfiles', manifest.assets.get(name)?.file ?? ''), 'utf8')
  const specifiers = Object.fromEntries(manifest.importMap ?? [])
  return { report, manifest, resolver, read, specifiers, names: [...manifest.assets.keys()] }
}

/** The problems of a build that fails, one a line. */
async function refusalsOf(cwd: string, options: Partial<BuildOptions> = {}): Promise<readonly string[]> {
  try {
    await buildTree(cwd, { packages: 'auto' }, options)
  } catch (error) {
    assert.ok(error instanceof FingerpostError, String(error))
    const problems = (error.details['problems'] ?? []) as readonly Problem[]
    return problems.map(
      ({ file, line, column, code, message }) => `${file}:${line}:${column} ${code} ${message}`,
    )
  }
  throw new Error('the build did not fail')
}

const LIT: Tree = {
  lit: pack('lit', '3.3.0', ESM, {
    'index.js':
      '/** @license BSD */\nexport * from "lit-html"\nexport const css = new URL("./a.css", import.meta.url)',
    'a.css': 'a { b: url(dot.png) }',
    'dot.png': 'png',
    'unused.js': 'export {}',
    'README.md': '',
  }),
  'lit-html': pack(
    'lit-html',
    '3.1.0',
    { type: 'module', exports: { '.': { node: './node.js', default: './html.js' } } },
    {
      'html.js': 'export const html = 1',
      'node.js': 'import "node:fs"',
    },
  ),
}

describe('packages: auto', () => {
  test('collects what the sources import, and what that imports, and no more', async (context) => {
    const cwd = makeTree(context, { src: { 'app.js': 'import { html } from "lit"' }, node_modules: LIT })
    const { names, specifiers, resolver, read } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(names, [
      'app.js',
      'npm/lit-html@3.1.0/html.js',
      'npm/lit@3.3.0/a.css',
      'npm/lit@3.3.0/dot.png',
      'npm/lit@3.3.0/index.js',
    ])
    assert.deepEqual(specifiers, { lit: 'npm/lit@3.3.0/index.js', 'lit-html': 'npm/lit-html@3.1.0/html.js' })
    assert.equal(read('app.js'), 'import { html } from "lit"')
    assert.match(
      read('npm/lit@3.3.0/index.js'),
      /^\/\*\* @license BSD \*\/\nexport \* from "lit-html".*\.\/a\.\w{16}\.css/s,
    )
    const { imports, integrity, scopes } = resolver.importMap(['app.js'])
    assert.equal(imports['lit'], resolver.resolve('npm/lit@3.3.0/index.js'))
    assert.deepEqual(
      Object.keys(integrity).sort(),
      ['app.js', 'npm/lit-html@3.1.0/html.js', 'npm/lit@3.3.0/index.js'].map(resolver.resolve).sort(),
    )
    assert.equal(scopes, undefined)
  })

  test('compresses them and preloads them, like the files of sources', async (context) => {
    const lit = {
      ...LIT,
      'lit-html': pack('lit-html', '3.1.0', ESM, { 'index.js': `/*${'html '.repeat(500)}*/` }),
    }
    const cwd = makeTree(context, { src: { 'app.js': 'import { html } from "lit"' }, node_modules: lit })
    const { manifest, resolver } = await buildTree(cwd, { packages: 'auto' }, { encodings: ['br', 'gzip'] })
    const { encodings = {} } = manifest.assets.get('npm/lit-html@3.1.0/index.js') ?? {}
    assert.deepEqual(Object.keys(encodings), ['br', 'gzip'])
    assert.deepEqual(
      preloadLinks(resolver, ['app.js']),
      ['app.js', 'npm/lit@3.3.0/index.js', 'npm/lit-html@3.1.0/index.js'].map(
        (name) =>
          `<${resolver.resolve(name)}>; rel=modulepreload; crossorigin; integrity="${resolver.integrity(name)}"`,
      ),
    )
  })

  test('a map for some entries has only the packages that these import, or that are entries', async (context) => {
    const src = { 'a.js': 'import "a"', 'b.js': 'import "b"' }
    const node_modules = {
      a: pack('a', '1.0.0', ESM, { 'index.js': 'import "c"' }),
      b: pack('b', '1.0.0', ESM, { 'index.js': '' }),
      c: pack('c', '1.0.0', ESM, { 'index.js': 'export {}' }),
    }
    const cwd = makeTree(context, { src, node_modules })
    const { resolver } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(Object.keys(resolver.importMap().imports), ['a', 'b', 'c'])
    assert.deepEqual(Object.keys(resolver.importMap(['a.js']).imports), ['a', 'c'])
    assert.deepEqual(Object.keys(resolver.importMap(['b']).imports), ['b'])
  })

  test('inline modules of HTML files count', async (context) => {
    const src = { 'index.html': '<script type="module">import "lit"</script>' }
    const cwd = makeTree(context, { src, node_modules: LIT })
    const { specifiers } = await buildTree(cwd, { packages: 'auto' }, { html: true })
    assert.equal(specifiers['lit'], 'npm/lit@3.3.0/index.js')
  })

  test('a specifier mapped by hand is not resolved', async (context) => {
    const src = { 'app.js': 'import "lit"', 'mine.js': 'export {}' }
    const cwd = makeTree(context, { src, node_modules: LIT })
    const { names, specifiers } = await buildTree(cwd, { packages: 'auto', lit: 'mine.js' })
    assert.deepEqual(names, ['app.js', 'mine.js'])
    assert.deepEqual(specifiers, { lit: 'mine.js' })
  })

  test('a file of the sources replaces one of a package', async (context) => {
    const src = { 'app.js': 'import "lit"', npm: { 'lit@3.3.0': { 'index.js': 'export const patched = 1' } } }
    const cwd = makeTree(context, { src, node_modules: LIT })
    const { names, read } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(names, ['app.js', 'npm/lit@3.3.0/index.js'])
    assert.equal(read('npm/lit@3.3.0/index.js'), 'export const patched = 1')
  })
})

describe('packages: a list', () => {
  test('limits what the sources import, not what packages do', async (context) => {
    const cwd = makeTree(context, { src: { 'app.js': 'import "lit"; import "other"' }, node_modules: LIT })
    const { specifiers } = await buildTree(cwd, { packages: ['lit'] })
    assert.deepEqual(Object.keys(specifiers), ['lit', 'lit-html'])
  })

  test('adds what only pages import', async (context) => {
    const cwd = makeTree(context, { src: { 'app.js': '' }, node_modules: LIT })
    const { specifiers, resolver } = await buildTree(cwd, { packages: ['lit'] })
    assert.deepEqual(Object.keys(specifiers), ['lit', 'lit-html'])
    assert.equal(Object.keys(resolver.importMap(['lit']).integrity).length, 2)
  })

  test('of which one is not installed says so', async (context) => {
    const cwd = makeTree(context, { src: { 'app.js': '' } })
    await assert.rejects(buildTree(cwd, { packages: ['lit'] }), {
      code: 'FP_CONFIG',
      message: new RegExp(
        `^importMap\\.packages has "lit", which is not found from ${cwd}\\. Install it \\(npm install lit\\)`,
      ),
    })
  })

  test('and nothing else is an error', async (context) => {
    const cwd = makeTree(context, { src: {} })
    await assert.rejects(buildTree(cwd, { packages: 'all' as never }), {
      code: 'FP_CONFIG',
      message: /^importMap\.packages should be 'auto' or a list of packages/,
    })
    await assert.rejects(buildTree(cwd, { packages: { nodeEnv: 'test' as never } }), {
      code: 'FP_CONFIG',
      message: /nodeEnv should be one of production, development/,
    })
  })
})

describe('a package is resolved as bundlers do for browsers', () => {
  const targetOf = async (
    context: TestContext,
    specifier: string,
    node_modules: Tree,
    importMap: ImportMapOption = { packages: 'auto' },
  ) => {
    const cwd = makeTree(context, { src: { 'app.js': `import ${json(specifier)}` }, node_modules })
    const { specifiers } = await buildTree(cwd, importMap)
    return specifiers[specifier]
  }

  for (const [name, specifier, exports, expected] of [
    ['the condition browser', 'p', { node: './n.js', browser: './b.js', default: './d.js' }, 'b.js'],
    ['the condition import', 'p', { require: './n.cjs', import: './b.mjs' }, 'b.mjs'],
    ['the condition module', 'p', { module: './b.js', import: './d.js' }, 'b.js'],
    ['the condition production', 'p', { development: './n.js', production: './b.js' }, 'b.js'],
    ['a subpath', 'p/sub', { './sub': './b.js' }, 'b.js'],
    ['a pattern', 'p/x/b.js', { './x/*': './*' }, 'b.js'],
  ] as const) {
    test(`by ${name}`, async (context) => {
      const p = pack(
        'p',
        '1.0.0',
        { type: 'module', exports },
        { 'b.js': '', 'b.mjs': '', 'n.js': '', 'n.cjs': '', 'd.js': '' },
      )
      assert.equal(await targetOf(context, specifier, { p }), `npm/p@1.0.0/${expected}`)
    })
  }

  test('by the condition development, if nodeEnv says so', async (context) => {
    const p = pack(
      'p',
      '1.0.0',
      { exports: { development: './dev.js', default: './p.js' } },
      { 'dev.js': '', 'p.js': '' },
    )
    assert.equal(
      await targetOf(context, 'p', { p }, { packages: { nodeEnv: 'development' } }),
      'npm/p@1.0.0/dev.js',
    )
  })

  test('by the fields of old packages, whose specifiers lack extensions', async (context) => {
    const fields = {
      main: './main.js',
      module: './esm/index.js',
      browser: { './esm/node.js': './esm/browser.js' },
    }
    const p = pack('p', '1.0.0', fields, {
      'main.js': 'module.exports = 1',
      esm: {
        'index.js': 'export * from "./a"; export * from "./dir"; export * from "./node.js"',
        'a.js': 'export const a = 1',
        dir: { 'index.js': 'export const b = 1' },
        'node.js': 'export * from "node:fs"',
        'browser.js': 'export const c = 1',
      },
    })
    const cwd = makeTree(context, { src: { 'app.js': 'import "p"' }, node_modules: { p } })
    const { names, specifiers, read } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(names, [
      'app.js',
      ...['a.js', 'browser.js', 'dir/index.js', 'index.js'].map((name) => `npm/p@1.0.0/esm/${name}`),
    ])
    assert.deepEqual(specifiers, {
      './npm/p@1.0.0/esm/a': 'npm/p@1.0.0/esm/a.js',
      './npm/p@1.0.0/esm/dir': 'npm/p@1.0.0/esm/dir/index.js',
      './npm/p@1.0.0/esm/node.js': 'npm/p@1.0.0/esm/browser.js',
      p: 'npm/p@1.0.0/esm/index.js',
    })
    assert.match(read('npm/p@1.0.0/esm/index.js'), /"\.\/a"; .*"\.\/node\.js"/)
  })

  test('by a field "browser" that replaces the whole package', async (context) => {
    const fields = { main: './n.js', browser: './b.js' }
    const p = pack('p', '1.0.0', fields, { 'n.js': 'require("fs")', 'b.js': 'export const b = 1' })
    assert.equal(await targetOf(context, 'p', { p }), 'npm/p@1.0.0/b.js')
  })

  test('by its own name and its "imports"', async (context) => {
    const fields = { exports: { '.': './index.js', './own': './own.js' }, imports: { '#dep': './dep.js' } }
    const p = pack('p', '1.0.0', fields, {
      'index.js': 'import "p/own"; import "#dep"',
      'own.js': '',
      'dep.js': '',
    })
    const cwd = makeTree(context, { src: { 'app.js': 'import "p"' }, node_modules: { p } })
    const { specifiers } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(specifiers, {
      '#dep': 'npm/p@1.0.0/dep.js',
      p: 'npm/p@1.0.0/index.js',
      'p/own': 'npm/p@1.0.0/own.js',
    })
  })

  test('through the links of pnpm and workspaces', async (context) => {
    const store = {
      'lit@3.3.0': {
        node_modules: {
          lit: LIT['lit'] as Tree,
          'lit-html': new Link('../../lit-html@3.1.0/node_modules/lit-html'),
        },
      },
      'lit-html@3.1.0': { node_modules: { 'lit-html': LIT['lit-html'] as Tree } },
    }
    const cwd = makeTree(context, {
      node_modules: {
        '.pnpm': store,
        lit: new Link('.pnpm/lit@3.3.0/node_modules/lit'),
        '@me': { ui: new Link('../../ui') },
      },
      ui: pack('@me/ui', '0.1.0', ESM, { 'index.js': 'import "lit"' }),
      src: { 'app.js': 'import "@me/ui"' },
    })
    const { names, specifiers } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(Object.keys(specifiers), ['@me/ui', 'lit', 'lit-html'])
    assert.ok(names.includes('npm/@me/ui@0.1.0/index.js'))
    const both = await buildTree(
      cwd,
      { packages: 'auto' },
      { sources: ['src', 'ui=ui'], ignore: ['package.json'] },
    )
    assert.equal(both.specifiers['@me/ui'], 'ui/index.js')
  })
})

describe('two versions of a package', () => {
  const node_modules = {
    p: pack('p', '2.0.0', ESM, { 'index.js': 'export const p = 2' }),
    old: {
      ...pack('old', '1.0.0', ESM, { 'index.js': 'export * from "p"' }),
      node_modules: { p: pack('p', '1.0.0', ESM, { 'index.js': 'export const p = 1' }) },
    },
  }

  test('meet in the scopes of the import map', async (context) => {
    const cwd = makeTree(context, {
      src: { 'app.js': 'import "p"; import "old"', 'new.js': 'import "p"' },
      node_modules,
    })
    const { manifest, resolver } = await buildTree(cwd, { packages: 'auto' })
    const { imports, scopes, integrity } = resolver.importMap(['app.js'])
    assert.equal(imports['p'], resolver.resolve('npm/p@2.0.0/index.js'))
    assert.deepEqual(scopes, { '/static/npm/old@1.0.0/': { p: resolver.resolve('npm/p@1.0.0/index.js') } })
    assert.ok(integrity[resolver.resolve('npm/p@1.0.0/index.js')])
    assert.equal(resolver.importMap(['new.js']).scopes, undefined)
    const text = readFileSync(join(cwd, 'staticfiles/manifest.json'), 'utf8')
    assert.match(
      text,
      /^ "importMapScopes": \{\n {2}"npm\/old@1\.0\.0\/": \{"p":"npm\/p@1\.0\.0\/index\.js"\}\n \},$/m,
    )
    assert.equal(manifest.importMapScopes?.size, 1)
  })

  test('meet in sources with node_modules of their own', async (context) => {
    const cwd = makeTree(context, {
      src: {
        'app.js': 'import "p"',
        theme: {
          'a.js': 'import "p"',
          deep: { 'b.js': 'import "p"' },
          node_modules: { p: pack('p', '1.0.0', ESM, { 'index.js': '' }) },
        },
      },
      node_modules,
    })
    const { resolver } = await buildTree(cwd, { packages: 'auto' }, { ignore: ['node_modules'] })
    const old = { p: resolver.resolve('npm/p@1.0.0/index.js') }
    assert.equal(resolver.importMap().imports['p'], resolver.resolve('npm/p@2.0.0/index.js'))
    assert.deepEqual(resolver.importMap().scopes, { '/static/theme/': old })
  })
})

describe('what a browser cannot run is refused, with the way out', () => {
  const refuse = async (context: TestContext, code: string, p: Tree, options?: Partial<BuildOptions>) =>
    refusalsOf(makeTree(context, { src: { 'app.js': code }, node_modules: { p } }), options)
  const file = (path: string, text: string, fields: object = {}) =>
    pack('p', '1.0.0', fields, { [path]: text })
  const cjs =
    "is CommonJS (npm/p@1.0.0/index.js), which browsers can't run. Bundle it, with Vite for example, or use a package with ES modules."

  for (const [name, code, p, ...expected] of [
    [
      'CommonJS',
      'import "p"',
      file('index.js', "'use strict'; module.exports = require('./x.js')"),
      `app.js:1:9 package p ${cjs}`,
    ],
    [
      'UMD',
      'import "p"',
      file('index.js', '(function (f) { typeof exports === "object" ? f(exports) : 0 })(() => 0) // import'),
      `app.js:1:9 package p ${cjs}`,
    ],
    [
      'CommonJS that a module of a package imports',
      'import "p/a.mjs"',
      pack('p', '1.0.0', {}, { 'a.mjs': 'import "./index.js"; export {}', 'index.js': 'exports.a = 1' }),
      `npm/p@1.0.0/a.mjs:1:9 package ./index.js ${cjs}`,
    ],
    [
      'a module of Node',
      'import "fs"; import "node:path"',
      {},
      'app.js:1:9 package fs is a module of Node, which browsers do not have. Take a build for browsers, or bundle the package.',
      'app.js:1:22 package node:path is a module of Node, which browsers do not have. Take a build for browsers, or bundle the package.',
    ],
    [
      'JSON without attributes',
      'import "p/a.json"',
      file('a.json', '{}'),
      "app.js:1:9 package p/a.json leads to npm/p@1.0.0/a.json, which browsers import only with { type: 'json' }. Add that, or bundle the package.",
    ],
    [
      'CSS without attributes',
      'import("p/a.css")',
      file('a.css', ''),
      "app.js:1:9 package p/a.css leads to npm/p@1.0.0/a.css, which browsers import only with { type: 'css' }. Add that, or link it in the page (static('npm/p@1.0.0/a.css')).",
    ],
    [
      'TypeScript',
      'import "p/a.ts"',
      file('a.ts', ''),
      "app.js:1:9 package p/a.ts leads to npm/p@1.0.0/a.ts, which browsers can't run. Import compiled JavaScript.",
    ],
    [
      'an environment variable',
      'import "p"',
      file('index.js', 'export {}\nif (process.env.NODE_ENV) 1', { module: 'index.js' }),
      'npm/p@1.0.0/index.js:2:5 package process.env.NODE_ENV fails in browsers, which have no process. Set importMap.packages.nodeEnv to replace it.',
    ],
    [
      'a file the package leaves out',
      'import "p"',
      pack('p', '1.0.0', { module: './a.js', browser: { './a.js': false } }, { 'a.js': '' }),
      'app.js:1:9 package p is left out for browsers by the "browser" field of its package. Bundle the package.',
    ],
  ] as const) {
    test(name, async (context) => assert.deepEqual(await refuse(context, code, p), expected))
  }

  test('a package that is not installed, and a file that it does not export', async (context) => {
    const lines = await refuse(
      context,
      'import "@x/y/z.js"; import "p/no.js"',
      pack('p', '1.0.0', ESM, { 'index.js': '' }),
    )
    assert.match(
      lines[0] ?? '',
      /^app\.js:1:9 package @x\/y\/z\.js is not found from \S+\/src\. Install it \(npm install @x\/y\), or map it in importMap\.$/,
    )
    assert.match(
      lines[1] ?? '',
      /^app\.js:1:29 package p\/no\.js can't be resolved: ".\/no\.js" is not exported under the conditions/,
    )
  })

  test('but not what runs: attributes, guards, and what is allowed to be missing', async (context) => {
    const cwd = makeTree(context, {
      src: {
        'app.js':
          'import a from "p/a.json" with { type: "json" }; import("p/a.css", { with: { type: "css" } }); import "p"; import "gone"',
      },
      node_modules: {
        p: pack(
          'p',
          '1.0.0',
          { module: 'p.js' },
          {
            'a.json': '{}',
            'a.css': '',
            'p.js': 'export {}; if (typeof process !== "undefined" && process.env.NODE_ENV) 1',
          },
        ),
      },
    })
    const { names, report } = await buildTree(cwd, { packages: 'auto' }, { allowMissing: ['gone'] })
    assert.equal(names.length, 4)
    assert.deepEqual(report.problems, [])
  })

  test('as a warning where missing files are one', async (context) => {
    const p = pack('p', '1.0.0', ESM, { 'index.js': 'process.env.NODE_ENV' })
    const cwd = makeTree(context, { src: { 'app.js': 'import "gone"; import "p"' }, node_modules: { p } })
    const { report } = await buildTree(cwd, { packages: 'auto' }, { onMissing: 'warn' })
    assert.deepEqual(
      report.problems.map(({ file, code, severity }) => `${file} ${severity} ${code}`),
      ['app.js warning package', 'npm/p@1.0.0/index.js warning package'],
    )
  })
})

describe('a package publishes no file of the project', () => {
  const SECRETS: Tree = {
    'package.json': json({ name: 'mine' }),
    'secret.js': 'export default 1',
    'secret.css': 'a{}',
  }
  const project = (context: TestContext, files: Tree) =>
    makeTree(context, {
      ...SECRETS,
      src: { 'app.js': 'import "p"' },
      node_modules: { p: pack('p', '1.0.0', ESM, files) },
    })

  test('that it imports', async (context) => {
    const cwd = project(context, { 'index.js': 'import "../../secret.js"' })
    const [line = '', ...others] = await refusalsOf(cwd)
    assert.match(
      line,
      /^npm\/p@1\.0\.0\/index\.js:1:9 package .* leads out of its package, to \S+\/secret\.js\. Report/,
    )
    assert.deepEqual(others, [])
  })

  test('that a field of its package.json names', async (context) => {
    const fields = { module: '../../secret.js' }
    const node_modules = { p: pack('p', '1.0.0', fields, {}), q: pack('q', '1.0.0', fields, {}) }
    const imports = json({ name: 'mine', imports: { '#q': 'q' } })
    const src = { 'app.js': 'import "p"; import "#q"' }
    const lines = await refusalsOf(
      makeTree(context, { ...SECRETS, 'package.json': imports, src, node_modules }),
    )
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /^app\.js:1:9 package p leads out of its package, to \S+\/secret\.js\./)
    assert.match(lines[1] ?? '', /^app\.js:1:21 package #q leads out of its package/)
  })

  test('that it names by a path below a package', async (context) => {
    const cwd = project(context, {
      'index.js': 'import "p/../../secret.js"; import "q/../../secret.js"; import "@q/../../secret.js"',
      'package.json': json({ name: 'p', module: 'index.js' }),
    })
    writeTree(join(cwd, 'node_modules'), { q: pack('q', '1.0.0', {}, {}), '@q/r': {} })
    const lines = await refusalsOf(cwd)
    assert.equal(lines.length, 3)
    for (const line of lines) assert.match(line, /index\.js:1:\d+ package \S+ leads out of its package/)
  })

  test('that a module of the project names by a path below a package', async (context) => {
    const cwd = project(context, { 'index.js': '' })
    const code = 'import "p/../../secret.js"; import "@q/../../secret.js"; import "p/../p/index.js"'
    writeTree(cwd, { src: { 'app.js': code }, 'node_modules/@q/r': {} })
    writeTree(join(cwd, 'node_modules/p'), { 'package.json': json({ name: 'p' }) })
    const lines = await refusalsOf(cwd)
    assert.equal(lines.length, 2)
    for (const line of lines)
      assert.match(
        line,
        /^app\.js:1:\d+ package \S+ leads out of its package, to \S+\/secret\.js\. Import it by/,
      )
  })

  test('but other packages may be reached by "imports" and "browser", and by modules of the project its own', async (context) => {
    const p = pack(
      'p',
      '1.0.0',
      { module: 'index.js', imports: { '#q': 'q' }, browser: { './node.js': 'q/b.js' } },
      { 'index.js': 'import "#q"; import "./node.js"', 'node.js': '' },
    )
    const cwd = makeTree(context, {
      'package.json': json({
        name: 'mine',
        exports: { './*': './lib/*' },
        imports: { '#lib': './lib/a.js' },
      }),
      lib: { 'a.js': '', 'b.js': '' },
      src: { 'app.js': 'import "p"; import "#lib"; import "mine/b.js"' },
      node_modules: { p, q: pack('q', '1.0.0', { module: 'a.js' }, { 'a.js': '', 'b.js': '' }) },
    })
    const { specifiers } = await buildTree(cwd, { packages: 'auto' })
    assert.deepEqual(specifiers, {
      '#lib': 'npm/mine@0.0.0/lib/a.js',
      '#q': 'npm/q@1.0.0/a.js',
      './npm/p@1.0.0/node.js': 'npm/q@1.0.0/b.js',
      'mine/b.js': 'npm/mine@0.0.0/lib/b.js',
      p: 'npm/p@1.0.0/index.js',
    })
  })

  test('that it links to, or names by a URL', async (context) => {
    const cwd = project(context, {
      'index.js': `import "./link.js"; new URL("./link.css", import.meta.url); new URL("../../secret.css", import.meta.url)`,
      'link.js': new Link('../../secret.js'),
      'link.css': new Link('../../secret.css'),
    })
    const { names } = await buildTree(cwd, { packages: 'auto' }, { onMissing: 'warn' })
    assert.deepEqual(names, ['app.js', 'npm/p@1.0.0/index.js'])
  })
})

test('a package whose package.json is damaged is an error that names it', async (context) => {
  const files = { 'index.js': 'import "./a.js"', 'a.js': '', 'package.json': '{"name":"p",' }
  const cwd = makeTree(context, { src: { 'app.js': 'import "p"' }, node_modules: { p: files } })
  const lines = await refusalsOf(cwd)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^app\.js:1:9 package p can't be resolved: .*package\.json/)
})

test('nodeEnv replaces the variable in code alone, and the source map follows', async (context) => {
  const code =
    'export const a = process.env.NODE_ENV, b = "process.env.NODE_ENV" // process.env.NODE_ENV\n//# sourceMappingURL=p.js.map\n'
  const map = json({ version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA,sCAAA' })
  const p = pack('p', '1.0.0', { module: 'p.js' }, { 'p.js': code, 'p.js.map': map })
  const cwd = makeTree(context, {
    src: { 'app.js': 'import "p"; process.env.NODE_ENV' },
    node_modules: { p },
  })
  const { read } = await buildTree(cwd, { packages: { nodeEnv: 'production' } })
  assert.match(
    read('npm/p@1.0.0/p.js'),
    /^export const a = "production", b = "process\.env\.NODE_ENV" \/\/ process\.env\.NODE_ENV\n/,
  )
  assert.match(read('app.js'), /process\.env\.NODE_ENV/)
  assert.equal(JSON.parse(read('npm/p@1.0.0/p.js.map')).mappings, 'AAAA,8BAAA')
})

test('with modules: import-map, the modules of packages keep all specifiers', async (context) => {
  const node_modules = { p: pack('p', '1.0.0', ESM, { 'index.js': 'import "./b.js"', 'b.js': 'export {}' }) }
  const cwd = makeTree(context, { src: { 'app.js': 'import "p"' }, node_modules })
  const { read, specifiers } = await buildTree(cwd, { packages: 'auto' }, { modules: 'import-map' })
  assert.equal(read('npm/p@1.0.0/index.js'), 'import "./b.js"')
  assert.equal(specifiers['./npm/p@1.0.0/b.js'], 'npm/p@1.0.0/b.js')
})

test('a build after an update of a package is a new one, and without any it is recognised', async (context) => {
  const cwd = makeTree(context, { src: { 'app.js': 'import "lit"' }, node_modules: LIT })
  const once = () => buildTree(cwd, { packages: 'auto' }, { cache: { dir: 'cache' } })
  assert.equal((await once()).report.kind, 'built')
  // A build with files younger than this remembers nothing.
  letFilesSettle(context)
  await once()
  const { report } = await once()
  assert.deepEqual([report.kind, report.work.read], ['unchanged', 0])
  rmSync(join(cwd, 'node_modules/lit'), { recursive: true })
  writeTree(join(cwd, 'node_modules'), { lit: pack('lit', '3.4.0', ESM, { 'index.js': 'export {}' }) })
  const { names } = await once()
  assert.deepEqual(names, ['app.js', 'npm/lit@3.4.0/index.js'])
})
