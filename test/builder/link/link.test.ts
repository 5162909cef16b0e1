import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Links, linkReferences } from '../../../src/builder/link/link.ts'
import { scanBytes } from '../../../src/builder/read/scan-files.ts'
import { type BuildOptions, parseBuildOptions } from '../../../src/builder/settings/options.ts'
import { createScanners, findScanner } from '../../../src/scan/scanners.ts'
import type { Collection, SourceFile } from '../../../src/sources/finder.ts'

const scanners = await createScanners()

interface Options extends Partial<BuildOptions> {
  readonly ignored?: readonly string[]
  readonly prehashedFiles?: readonly string[]
}

/** Links files given as text by path. */
function link(texts: Readonly<Record<string, string>>, options: Options = {}): Links {
  const { ignored = [], prehashedFiles = [], ...buildOptions } = options
  const scans = new Map(
    Object.entries(texts).flatMap(([path, text]) => {
      const scanner = findScanner(scanners, path)
      return scanner === undefined ? [] : [[path, scanBytes(Buffer.from(text), scanner)] as const]
    }),
  )
  const collection: Collection = {
    files: new Map(Object.keys(texts).map((path) => [path, { path } as SourceFile])),
    shadowed: [],
    skipped: ignored.map((path) => ({ path, absolutePath: `/${path}`, reason: 'ignored' })),
  }
  const config = parseBuildOptions(buildOptions, '/')
  return linkReferences({
    scans,
    collection,
    bundles: { prehashed: new Set(prehashedFiles), aliases: new Map() },
    config,
  })
}

/** Problems as one line each. */
function problemsOf(texts: Readonly<Record<string, string>>, options: Options = {}): readonly string[] {
  return link(texts, options).problems.map(
    ({ file, line, column, severity, code, message, nearest }) =>
      `${file}:${line}:${column} ${severity} ${code}: ${message}${nearest.length > 0 ? ` [${nearest.join(' ')}]` : ''}`,
  )
}

describe('an import that browsers refuse is a warning', () => {
  test('JSON and CSS without attributes, imported in any way', () => {
    const code =
      'import a from "./a.json"\nexport * from "./a.json"\nimport("./a.css")\nimport "./a.css?v=1"\nimport "/static/a.css"'
    const json =
      "leads to a.json, which browsers import only with { type: 'json' }. Add that, or bundle the module."
    const css =
      "leads to a.css, which browsers import only with { type: 'css' }. Add that, or link it in the page (static('a.css'))."
    const texts = { 'app.js': code, 'a.json': '{}', 'a.css': '' }
    const expected = [
      `app.js:1:16 warning import: ./a.json ${json}`,
      `app.js:2:16 warning import: ./a.json ${json}`,
      `app.js:3:9 warning import: ./a.css ${css}`,
      `app.js:4:9 warning import: ./a.css?v=1 ${css}`,
      `app.js:5:9 warning import: /static/a.css ${css}`,
    ]
    for (const modules of ['rewrite', 'import-map'] as const)
      assert.deepEqual(problemsOf(texts, { modules }), expected)
    assert.deepEqual(problemsOf(texts, { allowMissing: ['*.json', 'app.js:a.css'] }), [])
    assert.deepEqual(
      problemsOf({ 'v/x/a.js': 'import "../a.css"', 'v/a.css': '' }, { allowMissing: ['v/**:**'] }),
      [],
    )
  })

  test('names of a file that is CommonJS', () => {
    const texts = {
      'app.js': 'import a from "./a.js"; export { b } from "./a.js"; export {} from /* c */ "./a.js"',
      'a.js': 'module.exports = 1',
    }
    const problem =
      './a.js is CommonJS (a.js), which exports nothing to browsers. Bundle it, or use an ES module.'
    assert.deepEqual(
      problemsOf(texts),
      [16, 44, 77].map((column) => `app.js:1:${column} warning import: ${problem}`),
    )
  })

  test('but not with attributes, by URL, or for what the file does when it runs', () => {
    const code = `import a from "./a.json" with { type: "json" }; import("./a.css", { with: { type: "css" } })
new URL("./a.json", import.meta.url); import.meta.resolve("./a.css")
import "./umd.js"; import /* b */ "./umd.js"; import("./umd.js"); export * from "./umd.js"; import c from "./c.js"`
    const umd = 'typeof exports === "object" ? module.exports = f() : window.f = f()'
    const texts = { 'app.js': code, 'a.json': '{}', 'a.css': '', 'umd.js': umd, 'c.js': 'export default 1' }
    assert.deepEqual(problemsOf(texts), [])
  })
})

describe('a reference that leads nowhere is explained', () => {
  test('with its place and the nearest names', () => {
    assert.deepEqual(problemsOf({ 'css/a.css': 'a {\n  b: url(../img/logo.svg) }', 'img/logo2.svg': '' }), [
      'css/a.css:2:10 error missing: ../img/logo.svg points to img/logo.svg, which is not in any source. [img/logo2.svg]',
    ])
  })

  test('with the name in other letter case', () => {
    assert.deepEqual(problemsOf({ 'a.css': 'a{b:url(Img/A.png)}', 'img/a.png': '' }), [
      'a.css:1:9 error missing: Img/A.png points to Img/A.png, which exists only with other letter case: img/a.png. [img/a.png]',
    ])
  })

  test('with the rule that ignores it', () => {
    assert.deepEqual(problemsOf({ 'a.css': 'a{b:url(.x/a.png)}' }, { ignored: ['.x'] }), [
      'a.css:1:9 error missing: .x/a.png points to .x/a.png, which exists but is ignored.',
    ])
  })

  test('where it climbs out of every source', () => {
    assert.deepEqual(problemsOf({ 'a.css': 'a{b:url(../../a.png)}' }), [
      'a.css:1:9 error outside: ../../a.png points to ../../a.png, outside every source.',
    ])
  })

  test('all together, in order of file and place', () => {
    const files = { 'b.css': 'a{b:url(2.png) url(1.png)}', 'a.js': 'import "./x.js"\nimport "./w.js"' }
    assert.deepEqual(
      link(files).problems.map(({ file, written }) => `${file} ${written}`),
      ['a.js ./x.js', 'a.js ./w.js', 'b.css 2.png', 'b.css 1.png'],
    )
  })
})

describe('what is no failure', () => {
  test('a missing source map is a warning', () => {
    assert.deepEqual(problemsOf({ 'a.js': '//# sourceMappingURL=a.js.map' }), [
      'a.js:1:22 warning source-map-missing: a.js.map names the source map a.js.map, which is not in any source.',
    ])
  })

  test('a module specifier without extension is a warning that names the option', () => {
    assert.deepEqual(problemsOf({ 'a.js': 'import "./Button"', 'Button.js': '' }), [
      "a.js:1:9 warning unresolved-specifier: ./Button has no extension and is left as it is; the option extensionless: 'resolve' would complete it. [Button.js]",
    ])
  })

  test('a folder as a base for other URLs', () => {
    const js = 'new URL("./", import.meta.url); new URL("..", import.meta.url); import.meta.resolve("./b/")'
    assert.deepEqual(problemsOf({ 'x/a.js': js, 'x/b/c.js': '' }), [])
  })

  test('what notes say is passed on', () => {
    assert.deepEqual(problemsOf({ 'a.css': 'a{b:url({{ c }})}', 'a.js': 'import a from "./b.js"; { "' }), [
      'a.css:1:5 warning placeholder: url({{ c }}) is a template placeholder, not a URL; it is left as it is.',
      'a.js:0:0 note not-a-module: This file does not parse as a JavaScript module; it is served as it is.',
    ])
  })
})

describe('missing targets are allowed', () => {
  const files = { 'x/a.css': 'a{b:url(c.png)}' }
  for (const glob of ['x/c.png', 'c.png', '*.png', '**/*.png', 'x/a.css:x/c.png', '*:*.png', '*.css:c.png']) {
    test(`by ${glob}`, () => assert.deepEqual(problemsOf(files, { allowMissing: [glob] }), []))
  }
  for (const glob of ['a/c.png', '*.jpg', 'b.css:*.png', 'x/a.css']) {
    test(`not by ${glob}`, () => assert.equal(problemsOf(files, { allowMissing: [glob] }).length, 1))
  }
  test('or reported as warnings', () => {
    assert.match(problemsOf(files, { onMissing: 'warn' })[0] ?? '', /warning missing/)
  })
})

describe('specifiers without extension, if they are resolved', () => {
  const resolve = (texts: Readonly<Record<string, string>>) =>
    link(texts, { extensionless: 'resolve' })
      .links.get('a.js')
      ?.map(({ at, target, addition }) => [at, target, addition])

  test('lead to the one file that fits', () => {
    assert.deepEqual(resolve({ 'a.js': 'import "./B"', 'B.js': '' }), [[11, 'B.js', '.js']])
    assert.deepEqual(resolve({ 'a.js': 'import "./B"', 'B/index.js': '' }), [[11, 'B/index.js', '/index.js']])
    assert.deepEqual(resolve({ 'a.js': 'import "./x.base?y"', 'x.base.mjs': '' }), [
      [16, 'x.base.mjs', '.mjs'],
    ])
  })

  test('stay with a warning where more than one fits', () => {
    assert.match(
      problemsOf({ 'a.js': 'import "./B"', 'B.js': '', 'B.mjs': '' }, { extensionless: 'resolve' })[0] ?? '',
      /warning unresolved-specifier: .*more than one file fits\. \[B\.js B\.mjs\]/,
    )
  })
})

describe('under an import map', () => {
  const { links, moduleUrls } = link(
    {
      'x/a.js':
        'import "./b+c.js?v=1"; import("../d.js"); new URL("./e.png", import.meta.url); import "react"',
      'x/b+c.js': '',
      'd.js': '',
      'x/e.png': '',
    },
    { modules: 'import-map' },
  )

  test('specifiers stay and other URLs are rewritten', () => {
    assert.deepEqual(
      links.get('x/a.js')?.map(({ target, mode }) => [target, mode]),
      [
        ['x/b+c.js', 'keep'],
        ['d.js', 'keep'],
        ['x/e.png', 'rewrite'],
      ],
    )
  })

  test('the URLs that modules ask for are as a browser makes them', () => {
    assert.deepEqual(
      [...moduleUrls],
      [
        ['/static/x/b+c.js?v=1', 'x/b+c.js?v=1'],
        ['/static/d.js', 'd.js'],
      ],
    )
  })
})

test('a prehashed file keeps its text, and what it misses is a warning', () => {
  const { links, problems } = link(
    { 'app.0abcdef0.js': 'import "./b.js"; import "./gone.js"', 'b.js': '' },
    { prehashedFiles: ['app.0abcdef0.js'] },
  )
  assert.deepEqual(
    links.get('app.0abcdef0.js')?.map(({ mode }) => mode),
    ['keep'],
  )
  assert.deepEqual(
    problems.map(({ severity }) => severity),
    ['warning'],
  )
})

test('a map is tied to the file it is for only if that file names it', () => {
  const files = {
    'a.js': 'a()',
    'a.js.map': '{"file":"a.js"}',
    'b.js': '//# sourceMappingURL=b.js.map',
    'b.js.map': '{"file":"b.js"}',
  }
  assert.deepEqual([...link(files).links.keys()], ['b.js', 'b.js.map'])
})
