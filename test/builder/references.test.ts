import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { build } from '../../src/builder/build.ts'
import { check } from '../../src/builder/maintain/check.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { isSystemError } from '../../src/core/error.ts'
import { encodePath } from '../../src/core/path.ts'
import { runs } from '../support/fuzz.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

/** Builds a source and returns the text of every asset by logical path. */
async function buildTree(context: TestContext, src: Tree, options: Partial<BuildOptions> = {}) {
  const cwd = makeTree(context, { src })
  const { manifest, problems } = await build(
    { sources: ['src'], cache: false, encodings: [], ...options },
    { cwd },
  )
  const files = readTree(join(cwd, 'staticfiles'))
  const fileOf = (path: string) => manifest.assets.get(path)?.file ?? assert.fail(`no ${path}`)
  const textOf = (path: string) => files.get(fileOf(path))?.toString('latin1') ?? assert.fail(path)
  return { manifest, problems, fileOf, textOf }
}

const MAP = JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA,IAAI', file: 'a.js' })

test('a script and its map name each other, and the map is true of the longer line', async (context) => {
  const { fileOf, textOf } = await buildTree(context, {
    'a.js': 'import"./b.js";c()//# sourceMappingURL=a.js.map',
    'a.js.map': JSON.stringify({
      version: 3,
      file: 'a.js',
      sources: ['a.ts'],
      names: [],
      mappings: 'AAAA,eAAe',
    }),
    'b.js': 'export {}',
  })
  assert.equal(textOf('a.js'), `import"./${fileOf('b.js')}";c()//# sourceMappingURL=${fileOf('a.js.map')}`)
  const map = JSON.parse(textOf('a.js.map'))
  assert.equal(map.file, fileOf('a.js'))
  // `c` stood in column 15, 'e' in VLQ; the import has grown by 17.
  assert.equal(map.mappings, 'AAAA,gCAAe')
  assert.match(fileOf('a.js.map'), /^a\.[0-9a-f]{16}\.js\.map$/)
})

test('a map changes the name of its script, and the script that of its map', async (context) => {
  const tree = { 'a.js': 'a()//# sourceMappingURL=a.js.map', 'a.js.map': MAP }
  const before = await buildTree(context, tree)
  const otherMap = await buildTree(context, { ...tree, 'a.js.map': MAP.replace('a.ts', 'b.ts') })
  const otherScript = await buildTree(context, { ...tree, 'a.js': tree['a.js'].replace('a()', 'b()') })
  for (const after of [otherMap, otherScript]) {
    assert.notEqual(after.fileOf('a.js'), before.fileOf('a.js'))
    assert.notEqual(after.fileOf('a.js.map'), before.fileOf('a.js.map'))
  }
})

test('a map without `file` is mended as well', async (context) => {
  const { textOf, fileOf } = await buildTree(context, {
    'a.css': 'a{b:url(c.png)}d{e:f}\n/*# sourceMappingURL=a.css.map */',
    'a.css.map': '{"version":3,"mappings":"AAAA,eAAe"}',
    'c.png': 'x',
  })
  assert.equal(JSON.parse(textOf('a.css.map')).mappings, 'AAAA,gCAAe')
  assert.ok(textOf('a.css').endsWith(`/*# sourceMappingURL=${fileOf('a.css.map')} */`))
})

test('a map that two files claim belongs to the one it is called after', async (context) => {
  const { textOf } = await buildTree(context, {
    'a.js': 'import"./b.js";c()//# sourceMappingURL=a.js.map',
    'copy.js': 'c()//# sourceMappingURL=a.js.map',
    'a.js.map': '{"version":3,"mappings":"AAAA,eAAe"}',
    'b.js': '',
  })
  assert.equal(JSON.parse(textOf('a.js.map')).mappings, 'AAAA,gCAAe')
})

test('an inline map is mended in place', async (context) => {
  const data = Buffer.from('{"version":3,"mappings":"AAAA,eAAe"}').toString('base64')
  const { textOf } = await buildTree(context, {
    'a.js': `import"./b.js";c()\n//# sourceMappingURL=data:application/json;base64,${data}\n`,
    'b.js': '',
  })
  const mended = /base64,(\S+)\n$/.exec(textOf('a.js'))?.[1] ?? ''
  assert.equal(JSON.parse(Buffer.from(mended, 'base64').toString()).mappings, 'AAAA,gCAAe')
})

test('an inline map that is damaged is a warning where it would have been mended', async (context) => {
  const map = '//# sourceMappingURL=data:application/json;base64,bm9uc2Vuc2U=\n'
  const { problems, textOf } = await buildTree(context, {
    'a.js': `import"./b.js"\n${map}`,
    'b.js': `b()\n${map}`,
  })
  assert.deepEqual(
    problems.map(({ code, severity, file, line, column }) => [code, severity, file, line, column]),
    [['source-map-damaged', 'warning', 'a.js', 2, 22]],
  )
  assert.ok(textOf('a.js').endsWith(map))
})

test('a missing map is a warning and its comment stays', async (context) => {
  const { problems, textOf } = await buildTree(context, { 'a.js': 'a()//# sourceMappingURL=a.js.map' })
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [['source-map-missing', 'warning']],
  )
  assert.equal(textOf('a.js'), 'a()//# sourceMappingURL=a.js.map')
})

test('the comment of a missing map is taken out if the option says so', async (context) => {
  const { textOf, fileOf } = await buildTree(
    context,
    {
      'a.js': 'import "./c.js"//# sourceMappingURL=a.js.map\nb()',
      'b.css': '/*# sourceMappingURL=gone.map */a{b:url(d.png)}',
      'c.js': '//# sourceMappingURL=c.js.map',
      'c.js.map': '{"version":3,"mappings":""}',
      'd.png': 'x',
    },
    { missingSourceMaps: 'strip' },
  )
  assert.equal(textOf('a.js'), `import "./${fileOf('c.js')}"\nb()`)
  assert.equal(textOf('b.css'), `a{b:url(${fileOf('d.png')})}`)
  assert.equal(textOf('c.js'), `//# sourceMappingURL=${fileOf('c.js.map')}`)
})

test('with the comment of a missing map go those of the files that were concatenated', async (context) => {
  const { textOf } = await buildTree(
    context,
    {
      'a.js':
        'a()\n//# sourceMappingURL=a.min.map\nb()\n//# sourceMappingURL=data:,{}\nc()\n//# sourceMappingURL=c.map\n',
      'a.css': 'a{}/*# sourceMappingURL=a.css.map */\nb{}/*# sourceMappingURL=b.css.map */',
      'kept.js': 'a()\n//# sourceMappingURL=gone.map\nb()\n//# sourceMappingURL=kept.js.map',
      'kept.js.map': '{"version":3,"mappings":""}',
    },
    { missingSourceMaps: 'strip' },
  )
  assert.equal(textOf('a.js'), 'a()\n\nb()\n\nc()\n\n')
  assert.equal(textOf('a.css'), 'a{}\nb{}')
  assert.match(textOf('kept.js'), /^a\(\)\n.*gone\.map\nb\(\)\n.*kept\.[0-9a-f]{16}\.js\.map$/)
})

test('cycles of modules and stylesheets are named whatever their order', async (context) => {
  const tree = {
    'a.css': '@import "b.css"; x{y:url(c.svg)}',
    'b.css': '@import "a.css"; @import "b.css";',
    'c.svg': '<svg><style>@import "a.css";</style></svg>',
    'm.js': 'import "./n.js"',
    'n.js': 'import "./m.js"; import "./o.js"',
    'o.js': 'import "./o.js"',
  }
  const first = await buildTree(context, tree)
  const second = await buildTree(context, Object.fromEntries(Object.entries(tree).reverse()))
  assert.deepEqual(second.manifest, first.manifest)
  assert.equal(
    first.textOf('b.css'),
    `@import "${first.fileOf('a.css')}"; @import "${first.fileOf('b.css')}";`,
  )
  const changed = await buildTree(context, { ...tree, 'c.svg': `${tree['c.svg']} ` })
  for (const path of ['a.css', 'b.css', 'c.svg']) assert.notEqual(changed.fileOf(path), first.fileOf(path))
  for (const path of ['m.js', 'n.js', 'o.js']) assert.equal(changed.fileOf(path), first.fileOf(path))
})

test('prehashed files keep name and bytes, and what names them stays', async (context) => {
  const { fileOf, textOf, manifest } = await buildTree(
    context,
    {
      'loader.js': 'import "./dist/app.0abcdef0.js"',
      dist: {
        'app.0abcdef0.js': 'import "./chunk.1234abcd.js"; import "./plain.js"',
        'chunk.1234abcd.js': '',
        'plain.js': '',
      },
    },
    { prehashed: ['dist/*.????????.js'] },
  )
  assert.equal(fileOf('dist/app.0abcdef0.js'), 'dist/app.0abcdef0.js')
  assert.equal(textOf('dist/app.0abcdef0.js'), 'import "./chunk.1234abcd.js"; import "./plain.js"')
  assert.match(fileOf('loader.js'), /^loader\.[0-9a-f]{16}\.js$/)
  assert.equal(textOf('loader.js'), 'import "./dist/app.0abcdef0.js"')
  assert.match(fileOf('dist/plain.js'), /^dist\/plain\.[0-9a-f]{16}\.js$/)
  assert.deepEqual(
    manifest.assets.get('dist/app.0abcdef0.js')?.references.map(({ path }) => path),
    ['dist/chunk.1234abcd.js', 'dist/plain.js'],
  )
})

test('what a Vite manifest lists keeps its name', async (context) => {
  const chunk = { file: 'assets/app-B3xJ.js', css: ['assets/app-C4y.css'], assets: ['assets/a-D5z.png'] }
  const { manifest } = await buildTree(context, {
    '.vite': { 'manifest.json': JSON.stringify({ 'src/app.ts': chunk }) },
    assets: { 'app-B3xJ.js': '', 'app-C4y.css': '', 'a-D5z.png': '', 'own.png': '' },
  })
  const kept = [...manifest.assets].filter(([path, { file }]) => file === path).map(([path]) => path)
  assert.deepEqual(kept, ['assets/a-D5z.png', 'assets/app-B3xJ.js', 'assets/app-C4y.css'])
})

test('specifiers without extension are completed if the option says so', async (context) => {
  const tree = { 'a.js': 'import "./b"; import "./c?x"', 'b.js': '', c: { 'index.js': '' } }
  const { textOf, fileOf } = await buildTree(context, tree, { extensionless: 'resolve' })
  assert.equal(textOf('a.js'), `import "./${fileOf('b.js')}"; import "./${fileOf('c/index.js')}?x"`)
})

test('the known public prefixes are rewritten, other absolute URLs left alone', async (context) => {
  const css = (name: string, file: string) =>
    `a{b:url(/s/${name}) url(https://cdn.test/s/${name}) url(//cdn.test/s/${name}) url(/x/${name}) url(https://other.test/${file})}`
  const { textOf, fileOf } = await buildTree(
    context,
    { 'a.css': css('i.png', 'i.png'), 'i.png': 'x' },
    { url: 'https://cdn.test/s/' },
  )
  const hashed = fileOf('i.png')
  assert.equal(
    textOf('a.css'),
    `a{b:url(/s/${hashed}) url(https://cdn.test/s/${hashed}) url(//cdn.test/s/${hashed}) url(/x/i.png) url(https://other.test/i.png)}`,
  )
})

test('names with any character are found however they are written', async (context) => {
  const names = [
    'a b.png',
    'a%b.png',
    'a#b.png',
    'a?b.png',
    'a+b.png',
    "a'b.png",
    'a"b.png',
    'a(b).png',
    'ä😀.png',
  ]
  const images = Object.fromEntries(names.map((name) => [name, name]))
  const encoded = names.map((name) => encodeURIComponent(name))
  const { textOf, fileOf, manifest } = await buildTree(context, {
    ...images,
    'a.css': encoded.map((name) => `url("${name}")`).join(' '),
    'a.js': encoded.map((name) => `new URL("./${name}", import.meta.url)`).join(';'),
    'b.css': String.raw`url(a\ b.png) url(a+b.png) url('a\'b.png') url("a\"b.png") url(a\(b\).png) url(ä😀.png)`,
  })
  assert.equal(manifest.assets.get('a.css')?.references.length, names.length)
  assert.equal(manifest.assets.get('a.js')?.references.length, names.length)
  assert.equal(manifest.assets.get('b.css')?.references.length, 6)
  const insertions = textOf('b.css').match(/\.[0-9a-f]{16}(?=\.png)/g)
  assert.equal(insertions?.length, 6)
  assert.match(fileOf('a(b).png'), /^a\(b\)\.[0-9a-f]{16}\.png$/)
})

test('however a reference is spelled, browsers make the one URL of its file', async (context) => {
  const names = [
    "it's.js",
    '+state.js',
    '[slug].js',
    '(group)/b.js',
    'a b.js',
    'a|b^c.js',
    'ü~.js',
    '@x/a=b,c.js',
  ]
  const files = Object.fromEntries(names.map((name) => [name, `export default ${JSON.stringify(name)}`]))
  const spellings = [
    ...["./it's.js", './+state.js', './%2Bstate.js', './[slug].js', './%5bslug%5D.js', './(group)/b.js'],
    ...['.//(group)//b.js', './(group)\\\\b.js', './a b.js', './a%20b.js', './a|b^c.js', './ü~.js'],
    ...[
      './%c3%bc%7E.js',
      './@x/a%3Db,c.js',
      './%40x%2Fa=b,c.js',
      './x/.././%2bstate%2ejs',
      '/static//+state.js',
    ],
  ]
  const { manifest, textOf } = await buildTree(context, {
    ...files,
    'x/main.js': '',
    'a.js': spellings.map((name) => `import "${name}"`).join('\n'),
    'b.css': String.raw`a{b:url(./\[slug\].js) url(./%5bslug%5d.js) url(".//%2bstate.js")}`,
  })
  const urls = new Set([...manifest.assets.values()].map(({ file }) => `/static/${encodePath(file)}`))
  const asked = [...textOf('a.js').matchAll(/import "(.*)"/g)].map(([, written = '']) =>
    written.replaceAll('\\\\', '\\'),
  )
  assert.equal(asked.length, spellings.length)
  for (const written of asked) {
    const { pathname } = new URL(Buffer.from(written, 'latin1').toString(), 'http://x.test/static/a.js')
    assert.ok(urls.has(pathname), `${written} → ${pathname}`)
  }
  assert.doesNotMatch(textOf('b.css'), /%5b|%2b|\.\/\//)
})

test('hashed names have no + in their file name, in any spelling of the reference', async (context) => {
  const { textOf, fileOf, manifest } = await buildTree(
    context,
    {
      'a+b/c++.svg': '<svg/>',
      'a+b/~2B.svg': '<svg/>',
      'a+b/+state.js': 'export {}',
      'bundled/c+d-B1xyAbCd.js': 'export {}',
      'a.css': String.raw`a{b:url(a+b/c++.svg) url("a%2Bb/c%2b%2B.svg#x") url(a\2b b/c\+\2b .svg)}`,
      'b.css': 'a{b:url(a+b/~2B.svg) url(a+b/%7E2B.svg)}',
      'a+b/theme.css': ':root{--x:url(+a.svg)}',
      'a+b/+a.svg': '<svg/>',
      'a.js': 'import "./a+b/+state.js"; import "./a+b/\\x2bstate.js"; import "./bundled/c+d-B1xyAbCd.js"',
      'a.svg': '<svg><use href="a+b/c&#43;+.svg#y"/></svg>',
    },
    { prehashed: ['bundled/*'] },
  )
  assert.match(fileOf('a+b/c++.svg'), /^a\+b\/c~2B~2B\.[0-9a-f]{16}\.svg$/)
  const [image, module] = [fileOf('a+b/c++.svg'), fileOf('a+b/+state.js')]
  const escaped = image.replace('a+b', String.raw`a\2b b`)
  assert.equal(textOf('a.css'), `a{b:url(${image}) url("${image}#x") url(${escaped})}`)
  const imports = [module, module, 'bundled/c+d-B1xyAbCd.js'].map((file) => `import "./${file}"`)
  assert.equal(textOf('a.js'), imports.join('; '))
  assert.equal(textOf('a.svg'), `<svg><use href="${image}#y"/></svg>`)
  assert.equal(manifest.assets.get('a.js')?.references.length, 2)
  const tilde = fileOf('a+b/~2B.svg')
  assert.match(tilde, /~7E2B\./)
  assert.equal(textOf('b.css'), `a{b:url(${tilde}) url(${tilde})}`)
  assert.equal(textOf('a+b/theme.css'), `:root{--x:url(/static/${fileOf('a+b/+a.svg')})}`)
})

test('an escape that another language would read otherwise becomes the one URL of its file', async (context) => {
  const name = "it's (a)&$b.js"
  const escaped = 'it%27s%20%28a%29%26%24b.js'
  const { textOf, fileOf } = await buildTree(
    context,
    {
      [name]: 'export {}',
      'a.js': `import './${escaped}'; import "./${escaped}"; import(\`./${escaped}\`)`,
      'a.css': `a{b:url(${escaped}) url('${escaped}') url("${escaped}")}`,
      'a.svg': `<svg><use href="${escaped}"/><use href='${escaped}' style='mask:url(${escaped})'/></svg>`,
      'a.html': `<img src='${escaped}' srcset="${escaped} 2x"><p style="mask:url(${escaped})"><script src=${escaped}></script>`,
      'a.webmanifest': `{"icons":[{"src":"${escaped}"}]}`,
    },
    { html: true },
  )
  const url = encodePath(fileOf(name))
  const inCss = url.replace(/['()]/g, '\\$&')
  const inJs = url.replace(/['$]/g, '\\$&')
  const inMarkup = (text: string) => text.replaceAll('&', '&amp;').replaceAll("'", '&#39;')
  assert.equal(textOf('a.js'), `import './${inJs}'; import "./${inJs}"; import(\`./${inJs}\`)`)
  assert.equal(textOf('a.css'), `a{b:url(${inCss}) url('${inCss}') url("${inCss}")}`)
  assert.equal(
    textOf('a.svg'),
    `<svg><use href="${inMarkup(url)}"/><use href='${inMarkup(url)}' style='mask:url(${inMarkup(inCss)})'/></svg>`,
  )
  assert.equal(
    textOf('a.html'),
    `<img src='${inMarkup(url)}' srcset="${inMarkup(url)} 2x"><p style="mask:url(${inMarkup(inCss)})"><script src=${inMarkup(url)}></script>`,
  )
  assert.equal(textOf('a.webmanifest'), `{"icons":[{"src":"${url}"}]}`)
})

test('a relative URL in a custom property becomes absolute, because browsers resolve it where it is used', async (context) => {
  const tree = {
    'theme/tokens.css':
      ':root{--hero: url("img/hero.png"); --icon:{a:url(../i.svg)}; color:url(img/hero.png)}',
    'theme/img/hero.png': 'x',
    'pages/img/hero.png': 'another',
    'i.svg': '<svg style="--x:url(i.svg#a)"/>',
    'pages/home.css':
      '@import "../theme/tokens.css";a{b:var(--hero, url(img/hero.png));--c:url(/static/i.svg)}',
  }
  const { textOf, fileOf, problems, manifest } = await buildTree(context, tree, {
    url: 'https://cdn.test/s/',
  })
  const hero = fileOf('theme/img/hero.png')
  assert.equal(
    textOf('theme/tokens.css'),
    `:root{--hero: url("https://cdn.test/s/${hero}"); --icon:{a:url(https://cdn.test/s/${fileOf('i.svg')})}; ` +
      `color:url(${hero.slice('theme/'.length)})}`,
  )
  assert.match(textOf('pages/home.css'), /var\(--hero, url\(img\/hero\.[0-9a-f]{16}\.png\)\)/)
  assert.deepEqual(manifest.assets.get('theme/tokens.css')?.references, [
    { path: 'i.svg', kind: 'css-variable' },
    { path: 'theme/img/hero.png', kind: 'css-url' },
    { path: 'theme/img/hero.png', kind: 'css-variable' },
  ])
  assert.deepEqual(
    problems.map(({ code, severity, file, message }) => `${file} ${severity} ${code}: ${message}`),
    [
      'i.svg note custom-property: i.svg#a in a custom property is relative to the stylesheet that uses it. It becomes the absolute URL of i.svg.',
      'theme/tokens.css note custom-property: img/hero.png in a custom property is relative to the stylesheet that uses it. It becomes the absolute URL of theme/img/hero.png.',
      'theme/tokens.css note custom-property: ../i.svg in a custom property is relative to the stylesheet that uses it. It becomes the absolute URL of i.svg.',
    ],
  )
})

test('the public url is part of what a custom property becomes', async (context) => {
  const tree = { 'a.css': ':root{--a:url(b.png)}', 'b.png': 'x' }
  const cwd = makeTree(context, { src: tree })
  const options = { sources: ['src'], encodings: [], cache: { dir: 'cache' } } satisfies BuildOptions
  const fileAt = async (url: string) =>
    (await build({ ...options, url }, { cwd })).manifest.assets.get('a.css')?.file
  const first = await fileAt('/a/')
  assert.notEqual(await fileAt('/b/'), first)
  assert.equal(await fileAt('/a/'), first)
})

test('a URL in a custom property that leads nowhere from its own stylesheet is left, with a warning', async (context) => {
  const css = ':root{--hero:url(img/hero.png);--out:url(../../x.png)}'
  const { textOf, problems } = await buildTree(context, { 'theme/a.css': css, 'pages/img/hero.png': 'x' })
  assert.equal(textOf('theme/a.css'), css)
  assert.deepEqual(
    problems.map(({ severity, message }) => `${severity}: ${message}`),
    [
      'warning: img/hero.png in a custom property is relative to the stylesheet that uses it. There is no theme/img/hero.png; it is left as it is.',
      'warning: ../../x.png in a custom property is relative to the stylesheet that uses it. There is no ../x.png; it is left as it is.',
    ],
  )
})

test('the integrity in a page is that of the files it loads', async (context) => {
  const page =
    '<link rel=stylesheet integrity=sha256-old href=a.css><script type=module src="a.js" integrity="sha512-old"></script>'
  const map =
    '<script type="importmap">{"imports":{"b":"./b.js"},"integrity":{"./b.js":"sha384-old"}}</script>'
  const { textOf, fileOf, manifest } = await buildTree(
    context,
    { 'p.html': page + map, 'a.css': 'a{b:url(c.png)}', 'a.js': 'import "./b.js"', 'b.js': '', 'c.png': 'x' },
    { html: true },
  )
  const integrityOf = (path: string) => manifest.assets.get(path)?.integrity
  assert.equal(
    textOf('p.html'),
    `<link rel=stylesheet integrity="${integrityOf('a.css')}" href=${fileOf('a.css')}>` +
      `<script type=module src="${fileOf('a.js')}" integrity="${integrityOf('a.js')}"></script>` +
      `<script type="importmap">{"imports":{"b":"./${fileOf('b.js')}"},` +
      `"integrity":{"./${fileOf('b.js')}":"${integrityOf('b.js')}"}}</script>`,
  )
})

test('an integrity is empty, with a warning, where the file refers back to the page', async (context) => {
  const page =
    '<script integrity=sha384-x src=a.js></script><script integrity="sha384-y" src="c.js"></script>'
  const { textOf, fileOf, problems, manifest } = await buildTree(
    context,
    {
      'p.html': page,
      'a.js': 'import "./b.js"',
      'b.js': 'new URL("./p.html", import.meta.url)',
      'c.js': '',
    },
    { html: true },
  )
  assert.equal(
    textOf('p.html'),
    `<script integrity="" src=${fileOf('a.js')}></script>` +
      `<script integrity="${manifest.assets.get('c.js')?.integrity}" src="${fileOf('c.js')}"></script>`,
  )
  assert.deepEqual(
    problems.map(({ severity, code, line, column, message }) => ({ severity, code, line, column, message })),
    [
      {
        ...{ severity: 'warning', code: 'integrity', line: 1, column: 32 },
        message: 'a.js refers back to this file, so its integrity is left empty.',
      },
    ],
  )
})

test('a page with the integrity of a file that keeps its name is built anew with that file', async (context) => {
  const page = '<script src="a-0123abcd.js" integrity="sha384-old"></script>'
  const cwd = makeTree(context, { src: { 'p.html': page, 'a-0123abcd.js': 'one' } })
  const options = {
    ...{ sources: ['src'], encodings: [], html: true, prehashed: ['a-*.js'], cache: { dir: 'cache' } },
  } satisfies BuildOptions
  await build(options, { cwd })
  writeFileSync(join(cwd, 'src/a-0123abcd.js'), 'two')
  const { manifest } = await build({ ...options, out: 'second' }, { cwd })
  const file = manifest.assets.get('p.html')?.file ?? ''
  const integrity = manifest.assets.get('a-0123abcd.js')?.integrity ?? ''
  assert.match(readFileSync(join(cwd, 'second', file), 'utf8'), new RegExp(integrity.replace(/[+/]/g, '.')))
})

test('a file that is not UTF-8 stays byte-exact outside its URLs', async (context) => {
  const css = Buffer.concat([
    Buffer.from('/* caf'),
    Buffer.from([0xe9, 0xff, 0x80]),
    Buffer.from(' */a{b:url(c.png)}'),
  ])
  const { problems, textOf, fileOf } = await buildTree(context, { 'a.css': css, 'c.png': 'x' })
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [['charset', 'warning']],
  )
  assert.equal(textOf('a.css'), css.toString('latin1').replace('c.png', fileOf('c.png')))
})

test('a file in UTF-16 is served as it is, with a warning', async (context) => {
  const css = Buffer.from('\uFEFFa{b:url(gone.png)}', 'utf16le')
  const { problems, textOf } = await buildTree(context, { 'a.css': css })
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [['charset', 'This file is UTF-16, which is not scanned for references; it is served as it is.']],
  )
  assert.equal(textOf('a.css'), css.toString('latin1'))
})

test('what leads elsewhere is never touched', async (context) => {
  const scheme = fc.constantFrom(
    'http:',
    'HTTPS://x.test/',
    'data:',
    'blob:',
    'about:',
    '//',
    '#',
    '?',
    '/other/',
    'mailto:',
  )
  const rest = fc.string({ unit: fc.constantFrom('a', '.', 'png', '/', '%20', '?', '#', ':') })
  const urls = fc.array(
    fc.tuple(scheme, rest).map((parts) => parts.join('')),
    { minLength: 1, maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(urls, async (found) => {
      const css = found.map((url) => `a{b:url(${url}) url("${url}")}@import '${url}';`).join('\n')
      const { textOf } = await buildTree(context, { 'a.css': css })
      assert.equal(textOf('a.css'), css)
    }),
    runs(20),
  )
})

test('files found in another order build the same', async (context) => {
  const names = ['a.css', 'b.css', 'c.css', 'd.js', 'e.js', 'f.svg'] as const
  const targets = fc.array(fc.constantFrom(...names), { maxLength: 5 })
  const graphs = fc.tuple(...names.map(() => targets))
  const textOf = (name: string, to: readonly string[]) => {
    if (name.endsWith('.css')) return to.map((target) => `@import "${target}";`).join('')
    if (name.endsWith('.js')) return to.map((target) => `import "./${target}";`).join('')
    return `<svg>${to.map((target) => `<use href="${target}"/>`).join('')}</svg>`
  }
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.shuffledSubarray([...names], { minLength: names.length }),
      async (graph, order) => {
        const texts = new Map<string, string>(
          names.map((name, index) => [name, textOf(name, graph[index] ?? [])]),
        )
        const inOrder = (sorted: readonly string[]) =>
          Object.fromEntries(sorted.map((name) => [name, texts.get(name) ?? '']))
        const first = await buildTree(context, inOrder(names))
        const second = await buildTree(context, inOrder(order))
        assert.deepEqual(second.manifest, first.manifest)
      },
    ),
    runs(15),
  )
})

const MIXED: Tree = {
  'a.js':
    'import "./b.js"; import "./c"; import "./d.base"; new URL("./", import.meta.url); import "./app.0abcdef0.js"',
  'b.js': 'import "./a.js"//# sourceMappingURL=gone.map',
  'c.js': 'a()//# sourceMappingURL=c.js.map',
  'c.js.map': '{"version":3,"file":"c.js","mappings":"AAAA"}',
  'd.base.mjs': 'new URL("..", import.meta.url)',
  'app.0abcdef0.js': 'import "./gone.js"',
  'e.svg': '<svg><style>a{b:url(e.svg#f)}</style></svg>',
  'f.html': '<img srcset="e.svg 1x, gone.svg 2x">',
}

for (const extensionless of ['keep', 'resolve'] as const) {
  for (const modules of ['rewrite', 'import-map'] as const) {
    test(`a check finds nothing wrong in a build with ${modules} and extensionless: ${extensionless}`, async (context) => {
      const cwd = makeTree(context, { src: MIXED })
      const options: BuildOptions = {
        ...{ sources: ['src'], cache: false, encodings: [], html: true, modules, extensionless },
        ...{ prehashed: ['app.*'], allowMissing: ['f.html:gone.svg'] },
      }
      await build(options, { cwd })
      assert.deepEqual((await check(options, {}, { cwd })).faults, [])
    })
  }
}

test('HTML files are left alone unless the option says so', async (context) => {
  const tree = { 'a.html': '<img src="b.png">', 'b.png': 'x' }
  assert.equal((await buildTree(context, tree)).textOf('a.html'), tree['a.html'])
  const { textOf, fileOf } = await buildTree(context, tree, { html: true })
  assert.equal(textOf('a.html'), `<img src="${fileOf('b.png')}">`)
})

test('all dead references of a build come in one error, and nothing is published', async (context) => {
  const failure = await buildTree(context, { 'a.css': 'url(x.png)', 'b.js': 'import "./y.js"' }).catch(
    (error) => error,
  )
  assert.ok(isSystemError(failure, 'FP_REFERENCE'), String(failure))
  assert.match(failure.message, /a\.css:1:5 .*x\.png[\s\S]*b\.js:1:9 .*y\.js/)
})
