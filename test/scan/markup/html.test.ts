import assert from 'node:assert/strict'
import { test } from 'node:test'
import { htmlScanner } from '../../../src/scan/markup/html.ts'
import { createScanners, findScanner } from '../../../src/scan/scanners.ts'
import { assertMarked, type MarkedRow } from '../../support/marked.ts'

await createScanners({ html: true })

const ROWS: readonly MarkedRow[] = [
  ['<!doctype html><img src="a•.png">', 'a.png'],
  ['<IMG SRC=a•.png alt=x>', 'a.png'],
  ["<img src = 'a•.png'>", 'a.png'],
  ['<img src="a&amp;b•.png?x&#38;y">', 'a&b.png?x&y'],
  ['<script src="a•.js"></script><script>"<img src=b.png>"</script>', 'a.js'],
  ['<link rel="stylesheet" href="a•.css"><link rel=icon href=b•.ico>', 'a.css', 'b.ico'],
  ['<link rel="canonical" href="page.html"><a href="page.html">x</a>'],
  ['<link href="a•.js" REL="ModulePreload">', 'a.js'],
  ['<img srcset="a•.png 1x, b•.png 2x">', 'a.png', 'b.png'],
  ['<img srcset="a•.png, b•.png 100w,c•.png 200w">', 'a.png', 'b.png', 'c.png'],
  ['<source srcset=" a,b•.png 1x , c•.png(x, y)•, d•.png">', 'a,b.png', 'c.png(x', 'y)', 'd.png'],
  ['<link rel=preload as=image imagesrcset="a•.png 1x" href="b•.png">', 'a.png', 'b.png'],
  ['<video poster="a•.jpg" src="b•.mp4"><track src="c•.vtt"></video>', 'a.jpg', 'b.mp4', 'c.vtt'],
  ['<p style="background: url(&quot;a•.png&quot;)">', 'a.png'],
  ['<style>@import "a•.css"; b { c: url(d•.png) }</style>', 'a.css', 'd.png'],
  ['<textarea><img src="a.png"></textarea><title><img src="a.png"></title>'],
  [
    '<body background="a•.png"><svg><rect fill="url(b•.svg#c)"/><feImage href="d•.png"/></svg>',
    'a.png',
    'b.svg#c',
    'd.png',
  ],
  ['<link rel="apple-touch-startup-image" href="a•.png">', 'a.png'],
  ['<script type="module">import "./a•.js"; new URL("b•.png", import.meta.url)</script>', './a.js', 'b.png'],
  ['<script>"import(./a.js)"</script><script type=module src=a•.js></script>', 'a.js'],
  ['<!-- <img src="a.png"> --><svg><use href="a•.svg#b"/></svg>', 'a.svg#b'],
  ['<img src="https://x.test/a•.png"><img src="data:image/png,x">', 'https://x.test/a.png'],
  ['<meta property="og:image" content="/a•.png"><meta name=twitter:image content=b•.png>', '/a.png', 'b.png'],
  ['<meta property="og:url" content="/a.png"><meta name="description" content="b.png">'],
  [
    '<meta name="msapplication-TileImage" content="a•.png"><meta name=msapplication-config content=none>',
    'a.png',
  ],
  ['<meta name="msapplication-config" content="browserconfig•.xml">', 'browserconfig.xml'],
  [
    '<meta name="msapplication-task" content="name=A;action-uri=./a;icon-uri=./a•.ico; ICON-URI = b•.ico">',
    './a.ico',
    'b.ico',
  ],
  ['<meta itemprop="image" content="a•.png"><meta itemprop="name" content="a.png">', 'a.png'],
  ['<link rel="search" href="/find">'],
  [
    '<link rel="search" type="application/opensearchdescription+xml" href="a•.xml"><link rel="compression-dictionary" href="a•.dict">',
    'a.xml',
    'a.dict',
  ],
  [
    `<iframe srcdoc="<img src='a&amp;amp;b•.png'><style>p{b:url(&quot;c•.png&quot;)}</style>">`,
    'a&b.png',
    'c.png',
  ],
]

for (const row of ROWS) test(JSON.stringify(row[0]), () => void assertMarked(htmlScanner.scan, row))

test('an import map in a page has references in its targets and in the keys of its integrity', () => {
  const map = '{"imports":{"a":"./a•.js","b/":"./b/","c":"c","d":5},"scopes":{"/x/":{"a":"/y•.js"}},'
  const html = `<script type="importmap">${map}"integrity":{"./a•.js":"sha384-x"}}</script>`
  const { references, notes } = assertMarked(htmlScanner.scan, [html, './a.js', '/y.js', './a.js'])
  const text = html.replaceAll('•', '')
  assert.deepEqual(
    references.map(({ integrity }) => integrity && text.slice(integrity.start, integrity.end)),
    [undefined, undefined, '"sha384-x"'],
  )
  assert.deepEqual(
    notes.map(({ severity, message }) => `${severity}: ${message}`),
    ['warning: maps a folder, which has no hashed name; it is left as it is. Use app.importMap().'],
  )
})

test('the integrity that a tag states is known with its quotes', () => {
  const html = `<script integrity="sha384-x" src=a.js></script><link rel=stylesheet href="a.css" INTEGRITY = y><img src=b.png>`
  const { references } = htmlScanner.scan(html)
  assert.deepEqual(
    references.map(({ specifier, integrity }) => [
      specifier,
      integrity && html.slice(integrity.start, integrity.end),
    ]),
    [
      ['a.js', '"sha384-x"'],
      ['a.css', 'y'],
      ['b.png', undefined],
    ],
  )
})

test('a document in srcdoc is left where it can not be rewritten, with a warning', () => {
  const inner = (html: string) => `<iframe srcdoc='${html}'></iframe>`
  const messagesOf = (html: string) => htmlScanner.scan(inner(html)).notes.map(({ message }) => message)
  assert.deepEqual(messagesOf('<script src="a.js" integrity="x"></script>'), [
    'is an integrity in srcdoc, which is left as it is.',
  ])
  assert.deepEqual(messagesOf('<iframe srcdoc="<img src=a.png>">'), [
    'is a document within a srcdoc; its URLs are left as they are.',
  ])
  assert.deepEqual(messagesOf('<base href=/x/><img src="a.png">'), [
    'is a document with a <base>; its URLs are left as they are.',
  ])
  assert.deepEqual(htmlScanner.scan(inner('<base href=/x/><img src="a.png">')).references, [])
})

test('a page with its own base is left alone, with a note', () => {
  const { references, notes } = htmlScanner.scan('<base href="/x/"><img src="a.png">')
  assert.deepEqual(references, [])
  assert.equal(notes.length, 1)
})

test('a page is read only where the option says so', async () => {
  assert.equal(findScanner(await createScanners(), 'a.html'), undefined)
  assert.equal(findScanner(await createScanners({ html: true }), 'a.HTM')?.name, 'html')
})
