import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import { makeTree, readTree } from '../support/tree.ts'

/** The files that references of the cases lead to, beside the one that is rewritten. */
const NEIGHBOURS: Readonly<Record<string, string>> = {
  'styles_root.css': 'body { color: red }',
  'absolute_root.js': 'export default 1',
  'cached/styles.css': '',
  'cached/other.css': '',
  'cached/absolute.css': '',
  'cached/module_test.js': 'export default 1; export const testConst = 1, a = 1, b = 2, $second_var_2 = 3',
  'cached/source_map.css.map': '{}',
  'cached/source_map.js.map': '{}',
  'cached/img/relative.png': 'relative',
  'cached/fonts/font.eot': 'eot',
  'cached/fonts/font.svg': '<svg/>',
  'nested/js/nested.js': 'export default 1',
  'img/relative.png': 'image',
}

type Case = readonly [behaviour: string, text: string, source?: string]

/**
 * Each case is one text with every expected digest written as `•`: without them it is the input, with a real digest in
 * the place of each it is the output. A third member is the input where that differs. A text without `•` has to stay as it is.
 */
const STYLESHEETS: readonly Case[] = [
  ['an import by url', '@import url("other•.css");'],
  ['an import by string keeps its form', "@import 'styles•.css';"],
  ['an import into a layer stays unquoted', '@import url(styles•.css) layer(default);'],
  ['an import for some media', '@import url("styles•.css") screen and (orientation: landscape);'],
  [
    'an import with a supports condition over two lines',
    '@import url("styles•.css") supports((not (display: grid)) and (display: flex))\nscreen and (width <= 400px);',
  ],
  ['letter case is kept', '@IMporT uRL("other•.css");'],
  ['fragments and the empty URL stay', 'a{b:url("#foobar") url()}'],
  [
    'other schemes stay',
    'a{b:url("http:foobar") url("https:foobar") url("data:foobar") url("chrome:foobar")}',
  ],
  ['another host stays', 'a{b:url("//foobar")}'],
  [
    'comments hold no references',
    '/* @import url("non_exist.css") *//* url("non_exist.png") *//*\n@import url(other.css)\nurl("x.png")*/',
  ],
  [
    'a comment before a live URL',
    'a{background: #d3d6d8 /*url("does.not.exist.png")*/ url(/static/cached/img/relative•.png);}',
  ],
  [
    'comments on both sides of a live URL',
    'a{background: #d3d6d8 /* url("no.png") */ url(/static/cached/img/relative•.png) /*url("no.png")*/;}',
  ],
  [
    'strings hold no references',
    'a::before{content: "url(non_exist.png)"}b::before{content: \'url(non_exist.png)\'}',
  ],
  [
    'an escaped selector holds no references',
    String.raw`.tw\:bg-\[url\(\'non_exist.png\'\)\] { background: url(../img/relative•.png); }body{font-family:'sans-serif'}`,
  ],
  ['a query with a fragment', "@font-face{src: url('fonts/font•.eot?#iefix')}"],
  ['a fragment', "@font-face{src: url('fonts/font•.svg#webfontIyfZbseF')}"],
  [
    'a fragment that looks like a path',
    "@font-face{src: url('fonts/font•.svg#path/to/../../fonts/font.svg')}",
  ],
  [
    'a font in a data URL',
    "@font-face{src: url('data:font/woff;charset=utf-8;base64,d09GRgABAAAAADJoAA0AAAAAR2QAAQAAAAAA')}",
  ],
  ['a behaviour', 'a{behavior: url("#default#VML")}'],
  [
    'absolute URLs below the public one',
    '@import url("/static/cached/styles•.css");\n@import url("/static/styles_root•.css");\na{b:url(/static/cached/img/relative•.png)}',
  ],
  ['absolute URLs elsewhere', '@import url("/styles_root.css");\na{b:url(/cached/img/relative.png)}'],
  [
    'relative URLs',
    '@import url("../cached/styles•.css");\n@import url("absolute•.css");\n@import url("absolute•.css#eggs");\na{b:url(img/relative•.png)}',
  ],
  [
    'doubled slashes become single ones, as only those are served',
    '@import url("../cached/styles•.css");\na{b:url(img/relative•.png )}',
    '@import url("..//cached///styles.css");\na{b:url(img/relative.png )}',
  ],
  ['an address', '@import url("https://www.djangoproject.com/m/css/base.css");'],
  ['URLs inside a data URL', 'a{b:url("data:image/svg+xml,url(%23b) url(%23c)")}'],
  ['a source map', '* {outline: 1px solid red;}\n/*# sourceMappingURL=source_map•.css.map*/\n'],
  [
    'a source map between tabs',
    '* {outline: 1px solid red;}\n/*#\tsourceMappingURL=source_map•.css.map\t*/\n',
  ],
  [
    'a source map in other letter case',
    '* {outline: 1px solid red;}\n/*# sOuRcEMaPpInGURL=source_map.css.map */\n',
  ],
  [
    'a source map in a data URL',
    '/*# sourceMappingURL=data:application/json;charset=utf8;base64,eyJ2ZXJzaW9uIjozfQ==*/',
  ],
  ['a source map that is missing', '/*# sourceMappingURL=missing.css.map*/'],
  ['text that is not ASCII', "body { background: url('img/relative•.png'); } /* 中文 ö */"],
]

const SCRIPTS: readonly Case[] = [
  ['a source map on the first line', '//# sourceMappingURL=source_map•.js.map\nlet a_variable = 1;'],
  ['a source map before blanks', '//# sourceMappingURL=source_map•.js.map\t \nlet a_variable = 1;'],
  ['a source map in other letter case', '//# sOuRcEMaPpInGURL=source_map.js.map\nlet a_variable = 1;'],
  [
    'a source map in a data URL',
    '//# sourceMappingURL=data:application/json;charset=utf8;base64,eyJ2ZXJzaW9uIjozfQ==\n',
  ],
  ['a source map that is missing', '//# sourceMappingURL=missing.js.map'],
  ['an absolute specifier', 'import rootConst from "/static/absolute_root•.js";'],
  ['a default import', 'import x from "./module_test•.js";'],
  ['a namespace', 'import * as N from "./module_test•.js";'],
  ['a namespace without blanks', 'import*as m from "./module_test•.js";'],
  ['a namespace with some blanks', 'import *as m from "./module_test•.js";'],
  ['a namespace with other blanks', 'import* as m from "./module_test•.js";'],
  ['a namespace with many blanks', 'import*  as  m from "./module_test•.js";'],
  ['a renamed binding', 'import { testConst as b } from "./module_test•.js";'],
  ['two bindings', 'import { a, b } from "./module_test•.js";'],
  [
    'bindings over four lines',
    'import {\n    a as firstVar,\n    $second_var_2 as secondVar\n} from "./module_test•.js";',
  ],
  ['a path upwards', 'import r from "../nested/js/nested•.js";'],
  ['a dynamic import', 'import("./module_test•.js")'],
  ['a dynamic import in single quotes', "import('./module_test•.js')"],
  ['a dynamic import of a template', 'import(`./module_test•.js`)'],
  ['a computed query', `import(\`./module_test•.js?t=\${Date.now()}\`)`],
  ['a computed name', `import(\`./\${name}\`)`],
  ['a dynamic import with options', 'import("./module_test•.js", { with: { type: "json" } })'],
  ['an import attribute without blanks', 'import k from"./other•.css"with{type:"css"};'],
  ['an export of everything', 'export * from "./module_test•.js";'],
  ['an export of some', 'export { a } from "./module_test•.js";'],
  ['an export over lines', 'export {\n    a as firstVar,\n    b as secondVar\n} from "./module_test•.js";'],
  ['an import in the middle of a line', 'var p; import { a } from "./module_test•.js"'],
  ['two imports on a line', 'import{a}from"./module_test•.js";import b from"../nested/js/nested•.js"'],
  [
    'imports without semicolons',
    'import a from "./module_test•.js"\nimport b from "../nested/js/nested•.js"\na()',
  ],
  [
    'imports in strings',
    `const a = 'import x from "./gone.js"', b = "import('./gone.js')", c = \`import x from "./gone.js"\``,
  ],
  [
    'imports in comments',
    '// import x from "./gone.js"\n/* import x from "./gone.js" */\n/** @type {import("./gone").T} */',
  ],
  [
    'an export before an import',
    'const testConst = 1\nexport { testConst };\nimport { a } from "./module_test•.js";',
  ],
  ['a bare specifier', 'import React from "react"'],
  ['a specifier without extension', 'import B from "./Button"'],
  ['a specifier with a dot and no extension', 'import B from "./something.base"'],
  ['a line end inside the parentheses', 'import(\n"./module_test•.js"\n)'],
  ['a comment before a dynamic specifier', 'import(/*c*/"./module_test•.js")'],
  ['a comment before a specifier', 'import /*c*/ "./module_test•.js"'],
  ['a comment behind from', 'import a from /*c*/ "./module_test•.js"'],
  ['a regular expression with a quote', 'const a = /test"p/;\nimport b from "./module_test•.js"'],
  ['a regular expression with slashes', 'const a = /[a-z//]/;\nimport b from "./module_test•.js"'],
  ['a regular expression with a backtick', 'const a = /test`p/;\nimport b from "./module_test•.js"'],
]

/** The text of `cached/case.EXT` after a build beside its neighbours. */
async function rewrite(context: TestContext, extension: string, text: string): Promise<string> {
  const file = `cached/case.${extension}`
  const cwd = makeTree(context, { src: { ...NEIGHBOURS, [file]: text } })
  const { manifest } = await build({ sources: ['src'], cache: false, encodings: [] }, { cwd })
  return (
    readTree(join(cwd, 'staticfiles'))
      .get(manifest.assets.get(file)?.file ?? '')
      ?.toString() ?? ''
  )
}

/** The cases of Django's tests/staticfiles_tests, expectations by the specifications: only the URL's bytes change. */
for (const [extension, cases] of [
  ['css', STYLESHEETS],
  ['js', SCRIPTS],
] as const) {
  describe(`Django's cases in .${extension} files`, () => {
    for (const [behaviour, text, source = text.replaceAll('•', '')] of cases) {
      test(behaviour, async (context) => {
        const output = await rewrite(context, extension, source)
        assert.equal(output.replaceAll(/\.[0-9a-f]{16}(?=\.)/g, '•'), text)
      })
    }
  })
}

test('what Django calls a loop is a circle like any other', async (context) => {
  const cwd = makeTree(context, {
    src: {
      'foo.css': '@import url("bar.css")',
      'bar.css': '@import url("foo.css"); @import url("baz.css");',
      'baz.css': 'a{}',
    },
  })
  const { manifest } = await build({ sources: ['src'], cache: false, encodings: [] }, { cwd })
  assert.deepEqual([...manifest.assets.keys()], ['bar.css', 'baz.css', 'foo.css'])
})

test('a missing file is named with the file and the line that want it', async (context) => {
  const cwd = makeTree(context, { src: { 'faulty.css': '@import url("missing.css");' } })
  await assert.rejects(build({ sources: ['src'], cache: false }, { cwd }), {
    code: 'FP_REFERENCE',
    message: /faulty\.css:1:14 .*missing\.css/,
  })
})
