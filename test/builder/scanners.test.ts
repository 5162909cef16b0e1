import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import { check } from '../../src/builder/maintain/check.ts'
import type { FoundUrl, ScannerOption } from '../../src/builder/settings/transform.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

/** Reads playlists: every line that is no comment is a URL. */
function createPlaylists(version = '1') {
  const scanned: string[] = []
  const option: ScannerOption = {
    match: '*.m3u8',
    version,
    scan(text) {
      scanned.push(text)
      return Array.from(text.matchAll(/^[^#\s].*$/gm), ({ 0: url, index }) => ({ start: index, url }))
    },
  }
  return { option, scanned }
}

const TREE = {
  'list.m3u8': '#EXTM3U\npart/1.mp4\n#\n part/2.mp4\npart/2.mp4?t=1\n',
  'part/1.mp4': 'one',
  'part/2.mp4': 'two',
}

function project(context: TestContext, src: Tree) {
  const cwd = makeTree(context, { src })
  const run = async (...scanners: readonly ScannerOption[]) => {
    const report = await build({ sources: ['src'], cache: { dir: 'cache' }, scanners }, { cwd })
    const file = (path: string) => report.manifest.assets.get(path)?.file ?? assert.fail(path)
    const out = readTree(join(cwd, 'staticfiles'))
    return { ...report, file, text: (path: string) => out.get(file(path))?.toString() }
  }
  return { cwd, run }
}

test('what a scanner of the options finds is rewritten, and a name covers what it leads to', async (context) => {
  const { cwd, run } = project(context, TREE)
  const { option } = createPlaylists()
  const first = await run(option)
  const [one, two] = [first.file('part/1.mp4'), first.file('part/2.mp4')]
  assert.equal(first.text('list.m3u8'), `#EXTM3U\n${one}\n#\n part/2.mp4\n${two}?t=1\n`)
  const references = first.manifest.assets.get('list.m3u8')?.references
  assert.deepEqual(references, [
    { path: 'part/1.mp4', kind: 'own' },
    { path: 'part/2.mp4', kind: 'own' },
  ])
  writeFileSync(join(cwd, 'src/part/1.mp4'), 'other')
  assert.notEqual((await run(option)).file('list.m3u8'), first.file('list.m3u8'))
  assert.deepEqual((await check({ sources: ['src'], scanners: [option] }, {}, { cwd })).faults, [])
})

test('a URL that leads nowhere fails the build, with its place', async (context) => {
  const { run } = project(context, { 'list.m3u8': '#EXTM3U\npart/1.mp4\n' })
  const message = /list\.m3u8:2:1 {2}part\/1\.mp4 points to part\/1\.mp4, which is not in any source/
  await assert.rejects(run(createPlaylists().option), { code: 'FP_REFERENCE', message })
})

test('a scan comes from the cache until the version changes', async (context) => {
  const { cwd, run } = project(context, TREE)
  const { option, scanned } = createPlaylists()
  await run(option)
  writeFileSync(join(cwd, 'src/new.txt'), '')
  await run(option)
  assert.equal(scanned.length, 1)
  const next = createPlaylists('2')
  await run(next.option)
  assert.equal(next.scanned.length, 1)
})

test('a scanner of the options takes the place of a built-in one', async (context) => {
  const { run } = project(context, { 'a.css': 'a{background:url(gone.png)}' })
  const { text } = await run({ match: '*.css', version: '1', scan: () => [] })
  assert.equal(text('a.css'), 'a{background:url(gone.png)}')
})

test('a scanner that is wrong about its text ends the build', async (context) => {
  const { run } = project(context, { 'a.list': 'one two' })
  const cases: readonly [() => readonly FoundUrl[], RegExp][] = [
    [
      () => [{ start: 1, url: 'one' }],
      /The scanner for \*\.list failed with a\.list: "one" doesn't stand at offset 1/,
    ],
    [() => [{ start: 99, url: 'one' }], /"one" doesn't stand at offset 99/],
    [() => [{ start: -1, url: 'one' }], /"one" doesn't stand at offset -1/],
    [() => [{ start: 0.5, url: 'one' }], /"one" doesn't stand at offset 0.5/],
    [
      () => [
        { start: 4, url: 'two' },
        { start: 0, url: 'one t' },
      ],
      /"two" at 4 overlaps another URL/,
    ],
    [() => [{ start: 0 } as FoundUrl], /undefined doesn't stand at offset 0/],
    [
      () => assert.fail('no idea'),
      /failed with a\.list: no idea\n {2}Correct the file, or the function scan/,
    ],
  ]
  for (const [scan, message] of cases) {
    await assert.rejects(run({ match: '*.list', version: '1', scan }), { code: 'FP_TRANSFORM', message })
  }
})
