import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cssScanner, scanCss } from '../../src/scan/css.ts'
import { assertMarked, type MarkedRow } from '../support/marked.ts'

const TABLES: Readonly<Record<string, readonly MarkedRow[]>> = {
  'url() in every form (CSS Syntax 3 §4.3.6, Values 4 §4.5)': [
    ['a { b: url(img/a•.png) }', 'img/a.png'],
    ['a { b: url("img/a•.png") }', 'img/a.png'],
    ["a { b: url('img/a•.png') }", 'img/a.png'],
    ['a { b: url(  img/a•.png\t) }', 'img/a.png'],
    ['a { b: url(\r\n"a•.png"\r\n) }', 'a.png'],
    ['a { b: url(\n  a•.png\n) }', 'a.png'],
    ['a { b: URL(a•.png) Url("b•.png") uRL( c•.png ) }', 'a.png', 'b.png', 'c.png'],
    ['a { b: url("a•.png" crossorigin(anonymous) referrerpolicy(no-referrer)) }', 'a.png'],
    ['a { b: url("a•.png" "no URL") }', 'a.png'],
    ['a { b: src("a•.png"), SRC(\'b•.png\'), src(/* c */ "c•.png") }', 'a.png', 'b.png', 'c.png'],
    ['a { b: src(var(--a)) }'],
    ['a { b: url(a•.png), url(b•.png) no-repeat, url(c•.png) }', 'a.png', 'b.png', 'c.png'],
    ['a{b:url(a•.png)}c{d:url(e•.png)}', 'a.png', 'e.png'],
    ['a { b: url(/*comment*/image•.png) }', '/*comment*/image.png'],
    ['a { b: url(a•.png', 'a.png'],
    ['a { b: url("a•.png', 'a.png'],
    ['a { b: url(LICENSE•) }', 'LICENSE'],
    ['a { b: url(a.min•.css.map) }', 'a.min.css.map'],
  ],
  'escapes stay as they are and are understood (CSS Syntax 3 §4.3.7)': [
    [String.raw`a { b: url(\69mg•.png) }`, 'img.png'],
    [String.raw`a { b: url(\69 mg•.png) }`, 'img.png'],
    [String.raw`a { b: url(\000069mg•.png) }`, 'img.png'],
    [String.raw`a { b: url(img\(1\)•.png) }`, 'img(1).png'],
    [String.raw`a { b: url('im\'g•.png') }`, "im'g.png"],
    [String.raw`a { b: url("im\"g•.png") }`, 'im"g.png'],
    [String.raw`a { b: url(a\ b•.png) }`, 'a b.png'],
    [String.raw`a { b: url(a\\b•.png) }`, 'a\\b.png'],
    ['a { b: url("im\\\ng•.png") }', 'img.png'],
    ['a { b: url("im\\\r\ng•.png") }', 'img.png'],
    ['a { b: url("im\\\fg•.png") }', 'img.png'],
    ['a { b: url("im\\67\r\n•.png") }', 'img.png'],
    [String.raw`a { b: url(a\1F600 •.png) }`, 'a😀.png'],
    [String.raw`a { b: url(😀\😀•.png) }`, '😀😀.png'],
    [String.raw`a { b: url(a•\2Epng) }`, 'a.png'],
    [String.raw`a { b: url("a•\2e png\3fx") }`, 'a.png?x'],
    [String.raw`a { b: url(a\0 \D800 \110000 •.png) }`, 'a\uFFFD\uFFFD\uFFFD.png'],
    [String.raw`a { b: url(a\31 •) }`, 'a1'],
    ['a { b: url(a\\31\r\n•\t) }', 'a1'],
    [String.raw`a { b: url(a•\  ) }`, 'a '],
    [String.raw`a { b: u\52l(a•.png) \75\72\6c("b•.png") }`, 'a.png', 'b.png'],
    [String.raw`@\69mport "a•.css";`, 'a.css'],
    [String.raw`a { b: \69mage-set("a•.png" 1x) }`, 'a.png'],
  ],
  'images (CSS Images 4 §2)': [
    ['a { b: image-set("a•.png" 1x, url(b•.png) 2x) }', 'a.png', 'b.png'],
    ['a { b: -webkit-image-set(url(a•.png) 1x, "b•.png" 2x) }', 'a.png', 'b.png'],
    ['a { b: Image-Set("a•.avif" type("image/avif"), \'b•.png\' type(\'image/png\')) }', 'a.avif', 'b.png'],
    ['a { b: image(ltr "a•.png#xywh=0,0,16,16", red) }', 'a.png#xywh=0,0,16,16'],
    ['a { b: image("a•.png", "b•.png") }', 'a.png', 'b.png'],
    ['a { b: cross-fade(url(a•.png), "b•.png" 50%, red) }', 'a.png', 'b.png'],
    ['a { b: -webkit-cross-fade(url(a•.png), url(b•.png), 50%) }', 'a.png', 'b.png'],
    ['a { b: image-set(linear-gradient(red, blue) 1x, "a•.png" 2x) }', 'a.png'],
    ['a { b: image-set(image("a•.png") 1x) }', 'a.png'],
  ],
  '@import (CSS Cascade 5 §2)': [
    ['@import "a•.css";', 'a.css'],
    ["@import 'a•.css'", 'a.css'],
    ['@IMPORT"a•.css";@Import\turl(b•.css);', 'a.css', 'b.css'],
    ['@import url("a•.css") layer;', 'a.css'],
    ['@import url(a•.css) layer(default);', 'a.css'],
    ['@import url(a•.css) supports(background: url(x.png)) screen and (width > 1px);', 'a.css'],
    ['@import/* "x" */url(a•.css)/**/screen;', 'a.css'],
    ['@import\n\n"a•.css"\r\nlayer(b) supports((not (display: grid)) and (display: flex)) print;', 'a.css'],
    ['@import src("a•.css");', 'a.css'],
    ['@import "a•.css"; @import "b•.css";\na { b: url(c•.png) }', 'a.css', 'b.css', 'c.png'],
    ['@import foo "a.css"; b { c: "d" }'],
    ['@import;"a.css"'],
    ['\uFEFF@import "a•.css";', 'a.css'],
    ['@charset "utf-8";\n@import "a•.css";', 'a.css'],
    ['@layer a, b; @import "a•.css";', 'a.css'],
    ['<!-- @import "a•.css"; -->', 'a.css'],
  ],
  'anywhere CSS nests': [
    [':root { --img: url(a•.png); --set: image-set("b•.png" 1x) }', 'a.png', 'b.png'],
    ['a { & b { c: url(d•.png) } @media print { e: url(f•.png) } }', 'd.png', 'f.png'],
    ['@media (width > 1px) { @layer x { a { b: url(c•.png) } } }', 'c.png'],
    ['@font-face { src: local("x"), url(a•.woff2) format("woff2") }', 'a.woff2'],
    ["@font-face { src: url('a•.eot?#iefix') format('x'), url(a•.svg#b) }", 'a.eot?#iefix', 'a.svg#b'],
    ['@document url(page.html) { a { b: url(c•.png) } }', 'c.png'],
    ['@-moz-document url-prefix("x") { a { b: url(c•.png) } }', 'c.png'],
    ['@supports (a: url(no.png)) { a { b: url(yes•.png) } }', 'yes.png'],
    ['a[href="x"] { b: url(c•.png) }', 'c.png'],
    ['a { b: calc((1 + [2]) * 3) url(c•.png) }', 'c.png'],
    ['a { b: ) } ] url(c•.png)', 'c.png'],
    ['a { b: image-set(("a.png") 1x, "b•.png" 2x) }', 'b.png'],
    ['a { cursor: url(a•.cur) 4 4, url(b•.cur), auto; mask: url(c•.svg#m) }', 'a.cur', 'b.cur', 'c.svg#m'],
  ],
  'what is written stays written': [
    ['a{b:url(//host/a•.png)}', '//host/a.png'],
    ['a{b:url(https://x.test/b•.png)}', 'https://x.test/b.png'],
    ['a{b:url(/static/c•.png)}', '/static/c.png'],
    ['a{b:url(a%20b•.png) url("a b•.png")}', 'a%20b.png', 'a b.png'],
    ['a{b:url(%C3%A4•.png) url(ä•.png)}', '%C3%A4.png', 'ä.png'],
    ['a { b: url(a•%2Epng) url(a%3Fb•.png) url(a%23b•.png) }', 'a%2Epng', 'a%3Fb.png', 'a%23b.png'],
    [
      'a { b: url(a•.svg#path/to/../../a.svg) url(a•.png?b.c/d) }',
      'a.svg#path/to/../../a.svg',
      'a.png?b.c/d',
    ],
    ['a { b: url(..//cached///a•.css) }', '..//cached///a.css'],
  ],
  'left alone': [
    ['/* url(a.png) @import "a.css"; */'],
    ['a::before { content: "url(a.png)" } b::before { content: \'@import "a"\' }'],
    ['a { b: url(data:image/png;base64,AAAA) url("DATA:image/svg+xml,<a b=\'url(c)\'>") }'],
    ['a { b: url("data:image/svg+xml,url(%23b) url(%23c) {{}}") }'],
    ['a { b: url(blob:x) url(About:blank) url(chrome:foobar) url(JAVASCRIPT:x) url(mailto:a@b) }'],
    ['a { b: url(#a) url("#default#VML") url() url("") url( ) url(?a) url("  ") }'],
    ['@namespace url(http://www.w3.org/1999/xhtml); @namespace svg "http://www.w3.org/2000/svg";'],
    ['a { b: myurl("a.png") -x-my-url("b.png") url-prefix("c.png") no-src("d.png") }'],
    [String.raw`.tw\:bg-\[url\(\'a.png\'\)\] { b: url(c•.png) }`, 'c.png'],
    ['a { filter: progid:DXImageTransform.Microsoft.AlphaImageLoader(src="a.png") }'],
    ['a { b: format("a.png") attr(href) local("a.woff") }'],
    ['.url { color: red } #src { color: blue }'],
    [''],
  ],
  'source maps (ECMA-426 §11.1.2.2)': [
    ['a{}\n/*# sourceMappingURL=a•.css.map */', 'a.css.map'],
    ['a{}/*#\tsourceMappingURL=a•.css.map\t*/', 'a.css.map'],
    ['/*@ sourceMappingURL=a•.css.map*/a{}', 'a.css.map'],
    ['/*# sourceMappingURL=a•.css.map?x=1 */\r\n', 'a.css.map?x=1'],
    ['/*# sourceMappingURL=old.map */ /*# sourceMappingURL=a•.css.map */', 'a.css.map'],
    ['/*# sourceMappingURL=a•.css.map', 'a.css.map'],
    ['/*# sOuRcEMaPpInGURL=a.css.map */'],
    ['/* # sourceMappingURL=a.css.map */'],
    ['/*# sourceMappingURL=a b.map */'],
    ['/*# sourceMappingURL=data:application/json;base64,AAAA */'],
    ['a { b: "/*# sourceMappingURL=a.css.map */" }'],
    ['a { b: url(c•.png) } /*# sourceMappingURL=a•.css.map */', 'c.png', 'a.css.map'],
  ],
}

for (const [subject, rows] of Object.entries(TABLES)) {
  describe(subject, () => {
    for (const row of rows) test(JSON.stringify(row[0]), () => void assertMarked(scanCss, row))
  })
}

test('a reference spans the URL as written, without quotes and blanks', () => {
  const css = 'a { b: url( "a\\31.png?x" ) url( b.png ) }'
  const spans = scanCss(css).references.map(({ start, end }) => css.slice(start, end))
  assert.deepEqual(spans, ['a\\31.png?x', 'b.png'])
})

test('an import is told from an image', () => {
  const { references } = scanCss('@import url(a.css) layer; @import "b.css"; c { d: url(e.png) }')
  assert.deepEqual(
    references.map(({ kind }) => kind),
    ['css-import', 'css-import', 'css-url'],
  )
})

for (const css of [
  'a { b: url(a"b.png) }',
  'a { b: url(a b.png) }',
  'a { b: url("a.png\n) }',
  '@import "a\n;',
]) {
  test(`${JSON.stringify(css)} is a bad URL: a note, no reference`, () => {
    const { references, notes } = scanCss(css)
    assert.deepEqual(references, [])
    assert.deepEqual(
      notes.map(({ code, severity }) => [code, severity]),
      [['bad-url', 'warning']],
    )
  })
}

for (const placeholder of [
  '{{ image }}',
  '{{image}}',
  "{{ static('a.png') }}",
  '<%= a %>',
  '#{$a}',
  '$' + '{a}',
  '{% static "a" %}',
]) {
  for (const css of [
    `a { b: url(${placeholder}) }`,
    `a { b: url('img/${placeholder.replaceAll("'", '"')}') }`,
  ]) {
    test(`${css} holds a placeholder: a note, no reference`, () => {
      const { references, notes } = scanCss(css)
      assert.deepEqual(references, [])
      assert.deepEqual(
        notes.map(({ code, severity }) => [code, severity]),
        [['placeholder', 'warning']],
      )
    })
  }
}

test('a stylesheet is told by its extension, in any letter case', () => {
  assert.deepEqual(
    ['a.css', 'a.CSS', 'b/a.Css', 'a.css.map', 'css', 'a.scss'].map((path) => cssScanner.accepts(path)),
    [true, true, true, false, false, false],
  )
})

test('files without a candidate are never tokenized', () => {
  assert.equal(scanCss('a { color: red }'), scanCss('b { color: blue }'))
})
