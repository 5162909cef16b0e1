import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build, buildCollected, collectSources } from '../../src/builder/build.ts'
import { defineConfig } from '../../src/builder/settings/config-file.ts'
import { type BuildOptions, parseBuildOptions } from '../../src/builder/settings/options.ts'
import type { TransformContext, TransformOption } from '../../src/builder/settings/transform.ts'
import { letFilesSettle } from '../support/clock.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

/** Puts what `use NAME` names in its place, as Sass would, and says how often it was called. */
function createIncluder(version = '1', rename = { '.scss': '.css' }) {
  const calls: string[] = []
  const option: TransformOption = {
    match: '**/*.scss',
    version,
    rename,
    apply(path, bytes, context) {
      calls.push(path)
      return bytes.toString().replace(/use (\S+)/g, (_use, name: string) => {
        return context.read(name)?.toString() ?? 'nothing'
      })
    },
  }
  return { option, calls }
}

function project(context: TestContext, tree: Tree, options: Partial<BuildOptions>) {
  const cwd = makeTree(context, tree)
  const settings = { sources: ['src'], ignore: ['_*'], cache: { dir: 'cache' }, ...options }
  const run = async (changed: Partial<BuildOptions> = {}) => {
    const { manifest, ...report } = await build({ ...settings, ...changed }, { cwd, now: () => new Date(0) })
    const out = readTree(join(cwd, 'staticfiles'))
    const text = (path: string) => out.get(manifest.assets.get(path)?.file ?? '')?.toString()
    return { ...report, names: [...manifest.assets.keys()], manifest, text }
  }
  return { cwd, run, write: (name: string, text: string) => writeFileSync(join(cwd, name), text) }
}

const SHEET = { 'css/site.scss': 'a { use _part.scss }', 'css/_part.scss': 'background: url(../img/a.svg)' }
const IMAGE = { 'img/a.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>' }

test('a result is scanned, rewritten and named like a source', async (context) => {
  const { run } = project(context, { src: { ...SHEET, ...IMAGE } }, { transform: [createIncluder().option] })
  const { names, manifest, text } = await run()
  assert.deepEqual(names, ['css/site.css', 'img/a.svg'])
  assert.equal(text('css/site.css'), `a { background: url(../${manifest.assets.get('img/a.svg')?.file}) }`)
  assert.equal(manifest.assets.get('css/site.css')?.type, 'text/css; charset=utf-8')
})

test('a reference in a result that leads nowhere fails the build', async (context) => {
  const { run } = project(context, { src: SHEET }, { transform: [createIncluder().option] })
  await assert.rejects(run(), { code: 'FP_REFERENCE', message: /css\/site\.css:1:21.*img\/a\.svg/s })
})

test('transforms apply in their order, to the name that a file has by then', async (context) => {
  const add = (match: string, text: string): TransformOption => ({
    ...{ match, version: '1', apply: (path, bytes) => `${bytes}/* ${text} ${path} */` },
  })
  const transform = [add('*.css', 'early'), createIncluder().option, add('*.css', 'a'), add('css/*', 'b')]
  const { run } = project(context, { src: { 'css/x.scss': 'x', 'css/y.css': 'y' } }, { transform })
  const { text } = await run()
  assert.equal(text('css/x.css'), 'x/* a css/x.css *//* b css/x.css */')
  assert.equal(text('css/y.css'), 'y/* early css/y.css *//* a css/y.css *//* b css/y.css */')
})

test('a result comes from the cache until the file, the version or what it has read changes', async (context) => {
  const { option, calls } = createIncluder()
  const { run, write } = project(context, { src: { ...SHEET, ...IMAGE } }, { transform: [option] })
  const first = await run()
  assert.equal(calls.length, 1, 'once, although the file is read to be scanned and to be rewritten')
  write('src/new.txt', 'another file')
  assert.deepEqual((await run()).text('css/site.css'), first.text('css/site.css'))
  assert.equal(calls.length, 1)
  write('src/css/_part.scss', 'color: red')
  assert.equal((await run()).text('css/site.css'), 'a { color: red }')
  write('src/css/site.scss', 'b { use _part.scss }')
  assert.equal((await run()).text('css/site.css'), 'b { color: red }')
  assert.equal(calls.length, 3)
  const next = createIncluder('2')
  await run({ transform: [next.option] })
  assert.equal(next.calls.length, 1)
})

test('without a cache a file is transformed once in a build, and again in the next', async (context) => {
  const { option, calls } = createIncluder()
  const options = { transform: [option], cache: false as const }
  const { run } = project(context, { src: { ...SHEET, ...IMAGE } }, options)
  await run()
  await run()
  assert.equal(calls.length, 2)
})

test('a file that was missing counts when it appears', async (context) => {
  const { run, write } = project(context, { src: SHEET }, { transform: [createIncluder().option] })
  write('src/css/site.scss', 'use _later.scss')
  assert.equal((await run()).text('css/site.css'), 'nothing')
  write('src/css/_later.scss', 'b {}')
  assert.equal((await run()).text('css/site.css'), 'b {}')
})

test('what something else has read counts too, wherever it is', async (context) => {
  let suffix = 'one'
  const apply = (_path: string, bytes: Buffer, { dependOn, file }: TransformContext) => {
    dependOn(join(file, '../../tool.json'))
    return `${bytes} ${suffix}`
  }
  const transform = [{ match: '*.txt', version: '1', apply }]
  const { run, write } = project(context, { src: { 'a.txt': 'a' }, 'tool.json': '1' }, { transform })
  assert.equal((await run()).text('a.txt'), 'a one')
  suffix = 'two'
  write('tool.json', '2')
  assert.equal((await run()).text('a.txt'), 'a two')
})

test('the shortcut of a build without changes knows what transforms have read', async (context) => {
  const { option, calls } = createIncluder()
  const { cwd, run, write } = project(context, { src: { ...SHEET, ...IMAGE } }, { transform: [option] })
  letFilesSettle(context)
  await run()
  assert.equal((await run()).kind, 'unchanged')
  assert.equal(calls.length, 1)
  const next = createIncluder('2')
  await run({ transform: [next.option] })
  assert.equal(next.calls.length, 1)
  write('src/css/_part.scss', 'color: tan')
  assert.equal((await run()).text('css/site.css'), 'a { color: tan }')
  renameSync(join(cwd, 'src/css/_part.scss'), join(cwd, 'part'))
  assert.equal((await run()).text('css/site.css'), 'a { nothing }')
})

test('a watch is told what transforms have read, by a build without changes too', async (context) => {
  const { cwd } = project(context, { src: SHEET }, {})
  const options = { sources: ['src'], ignore: ['_*'], cache: { dir: 'cache' }, onMissing: 'warn' } as const
  const { option } = createIncluder()
  letFilesSettle(context)
  for (const kind of ['built', 'unchanged']) {
    const run = await buildCollected({ ...options, transform: [option] }, { cwd }, () => undefined)
    assert.equal(run.report.kind, kind)
    assert.deepEqual(run.dependencies, [join(cwd, 'src/css/_part.scss')])
  }
})

test('a cache that moves with its project to another folder is of use there', async (context) => {
  const { option, calls } = createIncluder()
  const { cwd, run } = project(context, { src: { ...SHEET, ...IMAGE } }, { transform: [option] })
  await run()
  const moved = join(makeTree(context), 'moved')
  renameSync(cwd, moved)
  mkdirSync(cwd)
  rmSync(join(moved, 'staticfiles'), { recursive: true })
  const options = { sources: ['src'], ignore: ['_*'], cache: { dir: 'cache' }, transform: [option] }
  await build(options, { cwd: moved })
  assert.equal(calls.length, 1)
})

test('undefined leaves a file as it is; bytes may be of any view', async (context) => {
  const transform: readonly TransformOption[] = [
    { match: 'a.txt', version: '1', apply: () => undefined },
    { match: 'b.txt', version: '1', apply: () => new Uint8Array(Buffer.from('..b..')).subarray(2, 3) },
  ]
  const { run } = project(context, { src: { 'a.txt': 'a', 'b.txt': '' } }, { transform })
  const { text } = await run()
  assert.deepEqual([text('a.txt'), text('b.txt')], ['a', 'b'])
})

test('files that a bundler has hashed are left alone', async (context) => {
  const transform = [{ match: '*.js', version: '1', apply: () => 'changed' }]
  const tree = {
    src: { 'app-B1xyz.js': '1', 'own.js': '2' },
    vite: { 'chunk-A2.js': '3', '.vite/manifest.json': '{"a":{"file":"chunk-A2.js"}}' },
  }
  const options = { transform, sources: ['src', 'vite'], prehashed: ['*-?????.js'] }
  const { text } = await project(context, tree, options).run()
  assert.deepEqual(['app-B1xyz.js', 'own.js', 'chunk-A2.js'].map(text), ['1', 'changed', '3'])
})

test('two files that get one name are refused', async (context) => {
  const { run } = project(
    context,
    { src: { 'a.scss': '', 'a.css': '' } },
    { transform: [createIncluder().option] },
  )
  await assert.rejects(run(), { code: 'FP_FILE', message: /a\.scss.*becomes a\.css, as .*a\.css is/ })
})

test('files of an earlier source win under their new names', async (context) => {
  const tree = { src: { 'a.scss': 'first' }, over: { 'a.css': 'second' } }
  const { run } = project(context, tree, { sources: ['src', 'over'], transform: [createIncluder().option] })
  const { text, shadowed } = await run()
  assert.equal(text('a.css'), 'first')
  assert.equal(shadowed.length, 1)
})

test('a transform that fails says which, for which file, and why', async (context) => {
  const results: readonly [() => unknown, RegExp][] = [
    [
      () => assert.fail('no such colour'),
      /The transform for \*\.css failed with a\.css \(.*src\/a\.css\): no such colour\n {2}Correct/,
    ],
    [async () => 'later', /returned a promise\. Transforms are synchronous/],
    [() => null, /returned null, not bytes, text or undefined/],
    [() => 1, /returned number/],
  ]
  for (const [apply, message] of results) {
    const transform = [{ match: '*.css', version: '1', apply }] as unknown as readonly TransformOption[]
    const { cwd, run } = project(context, { src: { 'a.css': 'a' } }, { transform })
    await assert.rejects(run(), (error: Error & { code: string; details: object }) => {
      assert.equal(error.code, 'FP_TRANSFORM')
      assert.match(error.message, message)
      assert.deepEqual(error.details, { path: 'a.css', file: join(cwd, 'src/a.css'), match: '*.css' })
      return true
    })
  }
})

test('what is missing in a transform or scanner is asked for, with the reason', () => {
  const cases: readonly [object, RegExp][] = [
    [
      { transform: [{ match: '*', version: '1' }] },
      /^transform\[0\] has no apply\.\n {2}JSON can't hold a function/,
    ],
    [
      { transform: [{ match: '*', apply() {} }] },
      /^transform\[0\] has no version\.\n {2}Results are cached under it/,
    ],
    [{ transform: [{ version: '1', apply() {} }] }, /^transform\[0\] has no match/],
    [{ transform: [{ match: '*', version: 1, apply() {} }] }, /version should be text; it is 1/],
    [
      { transform: [{ match: '*', version: '1', apply() {}, rename: { scss: '.css' } }] },
      /rename should be extensions/,
    ],
    [{ scanners: [{ match: '*', version: '1' }] }, /^scanners\[0\] has no scan/],
    [{ scanners: [{ match: '*', scan() {} }] }, /^scanners\[0\] has no version/],
  ]
  for (const [options, message] of cases) {
    assert.throws(() => parseBuildOptions({ sources: [], ...options }, '/'), { code: 'FP_CONFIG', message })
  }
})

test('editors know what a transform takes and gives', () => {
  const config = defineConfig({
    sources: [],
    transform: [
      {
        match: '*.a',
        version: '1',
        apply: (path, bytes, context) => `${path.at(0)} ${bytes.length} ${context.file}`,
      },
      // @ts-expect-error: a promise
      { match: '*.b', version: '1', apply: async (_path, bytes) => bytes },
      // @ts-expect-error: no version
      { match: '*.c', apply: (_path, bytes) => bytes },
    ],
    scanners: [{ match: '*.d', version: '1', scan: (text) => [{ start: text.length, url: '' }] }],
  })
  assert.equal(config.transform?.length, 3)
})

test('names are known without a transform being called', async (context) => {
  const { option, calls } = createIncluder()
  const { cwd } = project(context, { src: SHEET }, {})
  const config = parseBuildOptions({ sources: ['src'], ignore: ['_*'], transform: [option] }, cwd)
  const { files } = await collectSources(config)
  assert.deepEqual([...files.keys()], ['css/site.css'])
  assert.equal(calls.length, 0)
})
