import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { findScope } from '../../src/builder/base.ts'
import { build } from '../../src/builder/build.ts'
import type { BuildReport } from '../../src/builder/report.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { isSystemError } from '../../src/core/error.ts'
import { AssetLines } from '../../src/core/manifest/asset-lines.ts'
import { filesAfter, parseHistory } from '../../src/core/manifest/history.ts'
import type { ManifestReference } from '../../src/core/manifest/manifest.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const OPTIONS: BuildOptions = { sources: ['src'], onMissing: 'warn', cache: { dir: 'cache' } }

const MAP = JSON.stringify({
  version: 3,
  sources: ['d.ts'],
  names: [],
  mappings: 'AAAA,gBAAgB',
  file: 'd.js',
})

/** Every way in which one file's bytes depend on another's, and enough strangers to make a change a small one. */
const SITE: Tree = {
  'a.css': '@import "b.css"; p { background: url(i.svg) }',
  'b.css': 'b { background: url(j.png) } /*# sourceMappingURL=b.css.map */',
  'b.css.map': MAP,
  'lone.css.map': MAP,
  'c.css': 'c { background: url(gone.png) }',
  'd.js': 'import "./e.js"; d() //# sourceMappingURL=d.js.map',
  'd.js.map': MAP,
  'e.js': 'import "./d.js"',
  'i.svg': '<svg/>',
  'j.png': 'png',
  ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`other-${at}.txt`, `${at} `.repeat(50)])),
}

/** A site whose files have lain still for long enough, built; `run` builds it again and counts the files that were built. */
async function settled(context: TestContext) {
  const cwd = makeTree(context, { src: SITE })
  await new Promise((resolve) => setTimeout(resolve, 2100))
  const run = async (options: Partial<BuildOptions> = {}) => {
    let built = 0
    const onProgress = (event: { kind: string; total?: number }) => {
      if (event.kind === 'progress') built = event.total ?? 0
    }
    const report = await build({ ...OPTIONS, ...options }, { cwd, onProgress })
    return { report, built }
  }
  const edit = (path: string, content: string) => writeFileSync(join(cwd, 'src', path), content)
  await run()
  return { cwd, run, edit }
}

const ref = (path: string, kind: ManifestReference['kind'] = 'css-url'): ManifestReference => ({ path, kind })

test('a change reaches what refers to it, however far, and the source maps of all these', () => {
  const references: Readonly<Record<string, readonly ManifestReference[]>> = {
    'page.css': [ref('part.css'), ref('page.css.map', 'source-map')],
    'part.css': [ref('icon.svg')],
    'page.css.map': [],
    'icon.svg': [],
    'other.css': [ref('other.svg')],
    'other.svg': [],
  }
  const asset = { file: 'x', type: 'x', size: 1, etag: 'x', integrity: 'x', encodings: {} }
  const assets = new Map(
    Object.entries(references).map(([path, own]) => [path, { ...asset, references: own }]),
  )
  const manifest = { version: 1, url: '/', digest: 'x', assets } as const
  const reached = (path: string) => [...findScope([path], manifest)].sort()
  assert.deepEqual(reached('icon.svg'), ['icon.svg', 'page.css', 'page.css.map', 'part.css'])
  assert.deepEqual(reached('page.css'), ['page.css', 'page.css.map'])
  assert.deepEqual(reached('page.css.map'), ['page.css', 'page.css.map'])
  assert.deepEqual(reached('other.svg'), ['other.css', 'other.svg'])
})

test('after a change only that file and what refers to it is built', async (context) => {
  const { run, edit } = await settled(context)
  edit('i.svg', '<svg><!-- other --></svg>')
  const { report, built } = await run()
  assert.equal(built, 2)
  assert.deepEqual({ read: report.work.read, scanned: report.work.scanned }, { read: 2, scanned: 1 })
  assert.equal(report.kind, 'built')
  assert.equal(report.problems.length, 1)
  assert.ok(report.manifest.assets instanceof AssetLines, 'lines are copied from the last manifest')
  const again = await run()
  assert.equal(again.built, 2, 'the file is too young to be trusted')
  assert.equal(again.report.kind, 'unchanged')
})

test('where the output is not as the last build left it, everything is built', async (context) => {
  const { cwd, run, edit } = await settled(context)
  const [key = ''] = [...readTree(join(cwd, 'staticfiles')).keys()].filter((each) =>
    each.startsWith('other-7'),
  )
  rmSync(join(cwd, 'staticfiles', key))
  edit('i.svg', '<svg><!-- other --></svg>')
  const { built } = await run()
  assert.equal(built, Object.keys(SITE).length)
  assert.ok(readTree(join(cwd, 'staticfiles')).has(key))
})

test('where another build was the last to be noted, everything is built', async (context) => {
  const { cwd, run, edit } = await settled(context)
  const history = join(cwd, 'staticfiles/history.json')
  // As long as before, so that nothing but what stands in it tells.
  writeFileSync(history, readFileSync(history, 'utf8').replace(/"digest": "./, '"digest": "x'))
  edit('i.svg', '<svg><!-- other --></svg>')
  const { built, report } = await run()
  assert.equal(built, Object.keys(SITE).length)
  assert.deepEqual(recordedFiles(cwd), filesOf(report))
})

/** The files of the build in force as the history has them. */
function recordedFiles(cwd: string): readonly string[] {
  const { builds } = parseHistory(readFileSync(join(cwd, 'staticfiles/history.json'), 'utf8'), 'history')
  return [...filesAfter(builds)].sort()
}

const filesOf = ({ manifest }: BuildReport) => Array.from(manifest.assets.values(), ({ file }) => file).sort()

test('a file that takes a source map for its own changes that map too', async (context) => {
  const { cwd, run, edit } = await settled(context)
  edit('c.css', 'c { b: url(i.svg) } d { e: f } /*# sourceMappingURL=lone.css.map */')
  const { report, built } = await run()
  assert.equal(built, Object.keys(SITE).length)
  const map = readTree(join(cwd, 'staticfiles')).get(report.manifest.assets.get('lone.css.map')?.file ?? '')
  // What stood in column 16 has moved by the 17 of a digest and its dot.
  assert.equal(JSON.parse(String(map)).mappings, 'AAAA,iCAAgB')
})

test('a dead reference in the changed file is told with all that was told before', async (context) => {
  const { run, edit } = await settled(context)
  edit('i.svg', '<svg><image href="nowhere.png"/></svg>')
  const { report, built } = await run()
  assert.equal(built, 2)
  assert.deepEqual(
    report.problems.map(({ file, target }) => [file, target]),
    [
      ['c.css', 'gone.png'],
      ['i.svg', 'nowhere.png'],
    ],
  )
  const failing = run({ onMissing: 'error' })
  await assert.rejects(failing, (error) => isSystemError(error, 'FP_REFERENCE'))
})

/** Contents a file may get; whatever follows from one must be as if all had been built. */
const CONTENTS: Readonly<Record<string, readonly string[]>> = {
  'a.css': ['@import "b.css";', 'p { background: url(i.svg) }', 'a { color: red }', '@import "c.css";'],
  'b.css': ['b {} /*# sourceMappingURL=b.css.map */', 'b { background: url(i.svg) }', '@import "a.css";'],
  'c.css': ['c {}', 'c { background: url(b.css.map) }', 'c {} /*# sourceMappingURL=b.css.map */'],
  'd.js': ['import "./e.js"; d() //# sourceMappingURL=d.js.map', 'd()', 'd() //# sourceMappingURL=b.css.map'],
  'd.js.map': [MAP, MAP.replace('"d.js"', '"e.js"'), MAP.replace('gBAAgB', 'kBAAkB')],
  'e.js': ['import "./d.js"', 'e()', 'e() //# sourceMappingURL=d.js.map', 'import "./gone.js"'],
  'i.svg': ['<svg/>', '<svg><image href="j.png"/></svg>', '<svg><image href="gone.png"/></svg>'],
  'j.png': ['png', 'other'],
  'other-1.txt': ['one', 'two'],
  'new.css': ['n {}', 'n { background: url(j.png) }'],
}

const EDIT = fc.oneof(
  ...Object.entries(CONTENTS).map(([path, contents]) =>
    fc.record({ path: fc.constant(path), content: fc.constantFrom(...contents) }),
  ),
  fc.constant({ path: 'new.css', content: undefined }),
)

test('a build of changed files gives what a build of all of them gives', async (context) => {
  const { cwd, run, edit } = await settled(context)
  const counts: number[] = []
  const site = (report: BuildReport, out: string) => {
    const files = readTree(join(cwd, out))
    const own = [...report.manifest.assets.values()].map(({ file }) => [file, files.get(file)?.toString()])
    const { problems, outputs } = report
    return { own, manifest: files.get('manifest.json')?.toString(), problems, outputs }
  }
  const property = fc.asyncProperty(fc.array(EDIT, { minLength: 1, maxLength: 3 }), async (edits) => {
    for (const { path, content } of edits) {
      if (content === undefined) rmSync(join(cwd, 'src', path), { force: true })
      else edit(path, content)
    }
    const { report, built } = await run()
    counts.push(built)
    const whole = await build({ ...OPTIONS, cache: false, out: 'whole' }, { cwd })
    assert.deepEqual(site(report, 'staticfiles'), site(whole, 'whole'))
    assert.deepEqual(recordedFiles(cwd), filesOf(report))
    // Once to scan and once to finish; members of a circle, a file and the map it shares with another, again in each of its rounds.
    const { read } = report.work
    assert.ok(read <= 4 * built + 2, `${read} files read to build ${built}`)
  })
  await fc.assert(property, { numRuns: 60, endOnFailure: true })
  assert.ok(
    counts.some((count) => count < 15),
    `files built: ${counts}`,
  )
})
