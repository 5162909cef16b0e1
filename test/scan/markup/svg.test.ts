import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserConfigScanner, svgScanner } from '../../../src/scan/markup/svg.ts'
import { assertMarked, type MarkedRow } from '../../support/marked.ts'

const ROWS: readonly MarkedRow[] = [
  ['<svg><image href="a•.png"/></svg>', 'a.png'],
  ['<svg><image xlink:href="a•.png" width="1"/></svg>', 'a.png'],
  ["<svg><use href='sprite•.svg#icon'/></svg>", 'sprite.svg#icon'],
  ['<svg><use href = \'a•.svg#b\' x="1"/></svg>', 'a.svg#b'],
  ['<svg><use href="#icon"/><use href=""/></svg>'],
  ['<svg><feImage href="a•.png"/><script href="a•.js"/></svg>', 'a.png', 'a.js'],
  ['<svg><a href="page.html"><image href="a•.png"/></a></svg>', 'a.png'],
  ['<svg><rect fill="url(a•.svg#b)" stroke="url(#c)"/></svg>', 'a.svg#b'],
  ['<svg><rect style="fill: url(\'a•.svg#b\'); mask: url(m•.svg)"/></svg>', 'a.svg#b', 'm.svg'],
  ['<svg><rect style="fill: url(&quot;a&amp;b•.svg&quot;)"/></svg>', 'a&b.svg'],
  ['<svg><image href="a&amp;b•.png?x&#x26;y"/></svg>', 'a&b.png?x&y'],
  ['<svg><style>@import "a•.css"; b { c: url(d•.png) }</style></svg>', 'a.css', 'd.png'],
  ['<svg><style type="text/css"><![CDATA[ b { c: url("d•.png") } ]]></style></svg>', 'd.png'],
  ['<svg><style>a &gt; b { c: url(d•.png) }</style><image href="e•.png"/></svg>', 'd.png', 'e.png'],
  ['\uFEFF<?xml version="1.0"?>\r\n<!DOCTYPE svg>\r\n<svg>\r\n<image\r\nhref="a•.png"/></svg>', 'a.png'],
  ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><text>url(a.png) href="b.png"</text></svg>'],
  ['<svg><!-- <image href="a.png"/> --><image href="data:image/png;base64,AAAA"/></svg>'],
  ['<svg><title>href</title><desc href="a•.txt">x</desc></svg>', 'a.txt'],
  ['<svg><image href="a•.png"><g></svg> & <', 'a.png'],
  ['<!DOCTYPE svg [<!ENTITY ns "http://x">]><svg a="&ns;"><image href="a•.png"/></svg>', 'a.png'],
  ['<?xml version="1.0"?><?xml-stylesheet type="text/css" href="a•.css"?><svg/>', 'a.css'],
  [
    "<?xml-stylesheet href = 'a&amp;b•.css' title='href'?><svg><image href='c•.png'/></svg>",
    'a&b.css',
    'c.png',
  ],
  ['<?xml-stylesheet\r\n title="a"\r\n href="a•.css"?><svg/>', 'a.css'],
  ['<?xml-model href="a.rng"?><svg/>'],
  [
    '<svg><image><animate attributeName="href" values="a•.png;b•.png" dur="1s"/></image></svg>',
    'a.png',
    'b.png',
  ],
  ['<svg><set to="url(a•.svg#x)" attributeName="fill"/><set attributeName="x" to="a.png"/></svg>', 'a.svg#x'],
  ['<svg><foreignObject><img src="a•.png"/><video poster="b•.jpg"/></foreignObject></svg>', 'a.png', 'b.jpg'],
  ['<svg><foreignObject><img srcset="a•.png 1x, b•.png 2x"/></foreignObject></svg>', 'a.png', 'b.png'],
  ['<svg><style><!-- a { b: url(c.png) } --> d { e: url(f•.png) }</style></svg>', 'f.png'],
  ['<svg><image href=a.png /><image href="b•.png"/></svg>', 'b.png'],
]

for (const row of ROWS) test(JSON.stringify(row[0]), () => void assertMarked(svgScanner.scan, row))

test('a template placeholder in an attribute is a note at its place', () => {
  const svg = '<svg><rect style="fill: url({{ a }})"/></svg>'
  const [note] = svgScanner.scan(svg).notes
  assert.equal(note?.code, 'placeholder')
  assert.equal(svg.slice(note?.start, note?.end), 'url({{ a }})')
})

test('what is no XML at all is given up with a note', () => {
  const { references, notes } = svgScanner.scan(`<svg href="">${'&;'.repeat(5000)}</svg>`)
  assert.deepEqual(references, [])
  assert.deepEqual(
    notes.map(({ code }) => code),
    ['malformed'],
  )
})

test('tiles of Windows are references, other elements of their file are not', () => {
  const tile =
    '<?xml version="1.0"?><browserconfig><msapplication><tile><square70x70logo src="a•.png"/><wide310x150logo src=\'/static/b•.png\'/><TileColor>#fff</TileColor></tile><notification><polling-uri src="feed.xml"/></notification></msapplication></browserconfig>'
  assertMarked(browserConfigScanner.scan, [tile, 'a.png', '/static/b.png'])
  assert.ok(browserConfigScanner.accepts('icons/browserconfig.xml'))
  assert.ok(!browserConfigScanner.accepts('feed.xml'))
})
