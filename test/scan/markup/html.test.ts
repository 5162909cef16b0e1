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
]

for (const row of ROWS) test(JSON.stringify(row[0]), () => void assertMarked(htmlScanner.scan, row))

test('an import map in a page is told of', () => {
  const html = '<script type="importmap">{"imports":{"a":"./a.js"}}</script>'
  assert.match(htmlScanner.scan(html).notes[0]?.message ?? '', /import map/)
})

test('the integrity of a file of the build is told of, that of another host is not', () => {
  const html = `<script src="a.js" integrity="sha384-x"></script><link rel=stylesheet href="https://x.test/a.css" integrity=y>`
  const { notes, references } = htmlScanner.scan(html)
  assert.equal(references.length, 2)
  assert.deepEqual(
    notes.map(({ code, start, end }) => [code, html.slice(start, end)]),
    [['integrity', 'a.js']],
  )
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
