import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceMapScanner, webManifestScanner } from '../../src/scan/json.ts'
import { assertMarked, type MarkedRow } from '../support/marked.ts'

const MANIFESTS: readonly MarkedRow[] = [
  ['{"icons":[{"src":"a•.png","sizes":"1x1"},{"sizes":"2x2", "src" : "\\/b•.png?x"}]}', 'a.png', '/b.png?x'],
  ['{"screenshots":[{"src":"a•.png"}],"start_url":"index.html"}', 'a.png'],
  ['{"shortcuts":[{"url":"/x","icons":[{"src":"a•.png"}]}]}', 'a.png'],
  ['{"name":"icons","other":{"icons":[{"src":"a.png"}]},"icons":{"16":"a.png"}}'],
  ['{"icons":[{"src":"\\u0061•.png"}]}', 'a.png'],
  ['{"icons_localized":{"de":[{"src":"a•.png"}],"fr":[{"src":"b•.png"}]}}', 'a.png', 'b.png'],
  [
    '{"widgets":[{"icons":[{"src":"a•.png"}],"screenshots":[{"src":"b•.png"}],"data":"/api"}],"tab_strip":{"home_tab":{"icons":[{"src":"c•.png"}]}}}',
    'a.png',
    'b.png',
    'c.png',
  ],
  ['{"icons/0/src":"a.png","icons":[{"src":"b•.png"', 'b.png'],
  ['not json ["src", {"icons":[{"src":"a•.png"}]}'.slice(17), 'a.png'],
  [''],
]

for (const row of MANIFESTS) {
  test(`web app manifest ${JSON.stringify(row[0])}`, () => void assertMarked(webManifestScanner.scan, row))
}

test('the service worker of a payment app keeps its URL, with a note', () => {
  const json = '{"serviceworker":{"src":"sw.js","scope":"/"},"icons":[{"src":"a.png"}]}'
  const { references, notes } = webManifestScanner.scan(json)
  assert.deepEqual(
    references.map(({ specifier }) => specifier),
    ['a.png'],
  )
  assert.deepEqual(
    notes.map(({ code, start, end }) => [code, json.slice(start, end)]),
    [['dynamic', '"sw.js"']],
  )
})

const MAPS: readonly MarkedRow[] = [
  ['{"version":3,"file":"a•.js","sources":["a.ts"],"mappings":"AAAA"}', 'a.js'],
  [
    '{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"file":"a.js"}}],"file":"b.min•.js"}',
    'b.min.js',
  ],
  ['{"version":3,"sourcesContent":["\\"file\\":\\"a.js\\"\\\\"],"mappings":""}'],
]

for (const row of MAPS) {
  test(`source map ${JSON.stringify(row[0])}`, () => void assertMarked(sourceMapScanner.scan, row))
}

test('web app manifests are told by their names', () => {
  assert.deepEqual(
    ['site.webmanifest', 'a/manifest.json', 'Manifest.JSON', 'data.json'].map((path) =>
      webManifestScanner.accepts(path),
    ),
    [true, true, true, false],
  )
})
