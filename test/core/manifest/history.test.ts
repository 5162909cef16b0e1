import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  condenseBuilds,
  EMPTY_HISTORY,
  expandBuilds,
  filesAfter,
  formatHistory,
  type History,
  parseHistory,
} from '../../../src/core/manifest/history.ts'

const asset = (path: string, file: string) => ({
  path,
  file,
  type: 'text/css; charset=utf-8',
  size: 5,
  etag: '0123456789abcdef',
  integrity: 'sha384-x',
  encodings: { gzip: { size: 3, etag: 'fedcba9876543210' } },
})

const BUILDS = [
  { digest: 'a', publishedAt: new Date(0), files: new Set(['x.1', 'y.1']), abandoned: false },
  { digest: 'b', publishedAt: new Date(1000), files: new Set(['x.2', 'y.1']), abandoned: true },
  { digest: 'c', publishedAt: new Date(2000), files: new Set(['x.1', 'z.1']), abandoned: false },
]

const HISTORY: History = {
  builds: condenseBuilds(BUILDS),
  retired: new Map([
    ['x.2', asset('x', 'x.2')],
    ['y.1', asset('y', 'y.1')],
  ]),
}

test('a history comes back as it was written', () => {
  assert.deepEqual(parseHistory(formatHistory(HISTORY), 'history.json'), HISTORY)
  assert.deepEqual(parseHistory(formatHistory(EMPTY_HISTORY), 'history.json'), EMPTY_HISTORY)
})

test('of each build its files are known, though only what it changed is kept', () => {
  assert.deepEqual(expandBuilds(HISTORY.builds), BUILDS)
  assert.deepEqual([...filesAfter(HISTORY.builds)].sort(), ['x.1', 'z.1'])
  const [, second] = HISTORY.builds
  assert.deepEqual([second?.added, second?.removed], [['x.2'], ['x.1']])
})

test('a build that changes one file of a thousand takes one line, not a thousand', () => {
  const files = Array.from({ length: 1000 }, (_, index) => `file-${index}`)
  const build = (digest: string, own: readonly string[]) => {
    return { digest, publishedAt: new Date(0), files: new Set(own), abandoned: false }
  }
  const builds = condenseBuilds([build('a', files), build('b', [...files.slice(1), 'new'])])
  const one = formatHistory({ builds: builds.slice(0, 1), retired: new Map() })
  const two = formatHistory({ builds, retired: new Map() })
  assert.ok(two.length - one.length < 200, `${two.length - one.length} characters more`)
})

test('a damaged history is refused, and so is one that names files elsewhere', () => {
  const faults: readonly string[] = [
    '',
    '{',
    '[]',
    '{"version":2,"builds":[],"retired":[]}',
    '{"version":1,"builds":[]}',
    '{"version":1,"builds":[{"digest":"a"}],"retired":[]}',
    '{"version":1,"builds":[{"digest":"a","publishedAt":"1970-01-01T00:00:00Z","added":["../up"],"removed":[]}],"retired":[]}',
    '{"version":1,"builds":[],"retired":[{"path":"a"}]}',
  ]
  // What a server could not send for a file of an earlier build.
  const retired = (change: object) =>
    JSON.stringify({ version: 1, builds: [], retired: [{ ...asset('x', 'x.2'), ...change }] })
  assert.equal(parseHistory(retired({}), 'out/history.json').retired.size, 1)
  const unsendable = ['text/css\r\nX: y', 'a\u2028', '\u00e9', '']
  const headers = unsendable.flatMap((value) => [
    retired({ type: value }),
    retired({ etag: `${value}"` }),
    retired({ encodings: { br: { size: 1, etag: `a ${value}` } } }),
  ])
  for (const text of [...faults, ...headers]) {
    assert.throws(() => parseHistory(text, 'out/history.json'), {
      code: 'FP_MANIFEST',
      message: /^out\/history\.json can't be used/,
    })
  }
})
