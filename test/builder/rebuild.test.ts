import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { build } from '../../src/builder/build.ts'
import type { BuildReport } from '../../src/builder/report.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { isSystemError } from '../../src/core/error.ts'
import { filesAfter, parseHistory } from '../../src/core/manifest/history.ts'
import { letFilesSettle } from '../support/clock.ts'
import { runs } from '../support/fuzz.ts'
import { rounds } from '../support/long.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const OPTIONS: BuildOptions = { sources: ['src'], onMissing: 'warn', cache: { dir: 'cache' } }

const MAP = JSON.stringify({
  version: 3,
  sources: ['d.ts'],
  names: [],
  mappings: 'AAAA,gBAAgB',
  file: 'd.js',
})

/** Every way in which one file's bytes depend on another's. */
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
  ...Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`other-${at}.txt`, `${at} `.repeat(50)])),
}

/** A site that was built once; `run` builds it again, with what the cache knows. */
async function settled(context: TestContext) {
  const cwd = makeTree(context, { src: SITE })
  letFilesSettle(context)
  const run = (options: Partial<BuildOptions> = {}) => build({ ...OPTIONS, ...options }, { cwd })
  const edit = (path: string, content: string) => writeFileSync(join(cwd, 'src', path), content)
  await run()
  return { cwd, run, edit }
}

test('what is gone from the output is written again', async (context) => {
  const { cwd, run, edit } = await settled(context)
  const [key = ''] = [...readTree(join(cwd, 'staticfiles')).keys()].filter((each) =>
    each.startsWith('other-7'),
  )
  rmSync(join(cwd, 'staticfiles', key))
  edit('i.svg', '<svg><!-- other --></svg>')
  await run()
  assert.ok(readTree(join(cwd, 'staticfiles')).has(key))
})

test('where the history names another build as the last, the new one is recorded whole', async (context) => {
  const { cwd, run, edit } = await settled(context)
  const history = join(cwd, 'staticfiles/history.json')
  // As long as before, so that nothing but what stands in it tells.
  writeFileSync(history, readFileSync(history, 'utf8').replace(/"digest": "./, '"digest": "x'))
  edit('i.svg', '<svg><!-- other --></svg>')
  const report = await run()
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
  const report = await run()
  const map = readTree(join(cwd, 'staticfiles')).get(report.manifest.assets.get('lone.css.map')?.file ?? '')
  // What stood in column 16 has moved by the 17 of a digest and its dot.
  assert.equal(JSON.parse(String(map)).mappings, 'AAAA,iCAAgB')
})

test('a dead reference in the changed file is told with all that was told before', async (context) => {
  const { run, edit } = await settled(context)
  edit('i.svg', '<svg><image href="nowhere.png"/></svg>')
  const report = await run()
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

test('after any edits a build with a cache gives what a build without one gives', async (context) => {
  const { cwd, run, edit } = await settled(context)
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
    const report = await run()
    const whole = await build({ ...OPTIONS, cache: false, out: 'whole' }, { cwd })
    assert.deepEqual(site(report, 'staticfiles'), site(whole, 'whole'))
    assert.deepEqual(recordedFiles(cwd), filesOf(report))
  })
  await fc.assert(property, { ...runs(rounds(20, 60)), endOnFailure: true })
})
