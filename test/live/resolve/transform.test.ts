import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { createLiveResolver } from '../../../src/live/resolve/live-resolver.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'

const TREE: Tree = {
  'a/css/site.scss': 'a { use _part.scss }',
  'a/css/_part.scss': 'background: url(../img/a.svg)',
  'a/img/a.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'a/list.m3u8': 'img/a.svg\n',
  'a/app.js': 'one',
}

/** Live mode and a build of the same tree, with a transform that puts what `use NAME` names in its place. */
async function setUp(context: TestContext) {
  const cwd = makeTree(context, TREE)
  const calls: string[] = []
  const options: BuildOptions = {
    sources: ['a'],
    ignore: ['_*'],
    cache: false,
    transform: [
      {
        match: '*.scss',
        version: '1',
        rename: { '.scss': '.css' },
        apply(path, bytes, { read }) {
          calls.push(path)
          if (bytes.includes('bad')) throw new Error('no')
          return bytes.toString().replace(/use (\S+)/g, (_, name) => read(name)?.toString() ?? 'nothing')
        },
      },
      {
        match: '*.js',
        version: '1',
        apply: (_, bytes) => (`${bytes}` === 'bad' ? assert.fail('oh') : 'let a'),
      },
    ],
    scanners: [{ match: '*.m3u8', version: '1', scan: (text) => [{ start: 0, url: text.trim() }] }],
  }
  const live = await createLiveResolver({ build: options, cwd, now: Date.now })
  return {
    ...{ cwd, calls, live },
    /** The next request: a new turn of the event loop. */
    next: () => live.changes().map(({ path }) => path),
    text: (path: string) => live.find(path)?.read().toString(),
    write: (name: string, text: string) => writeFileSync(join(cwd, 'a', name), text),
    build: () => build(options, { cwd }),
  }
}

test('names and bytes are those of a build with the same transforms and scanners', async (context) => {
  const { cwd, live, build } = await setUp(context)
  const { manifest } = await build()
  const built = readTree(join(cwd, 'staticfiles'))
  assert.deepEqual([...manifest.assets.keys()], [...live.names()].sort())
  for (const [path, asset] of manifest.assets) {
    const found = live.find(path)
    assert.deepEqual(found?.asset, { ...asset, encodings: {} })
    assert.deepEqual(found?.read(), built.get(asset.file), path)
  }
})

test('a transform is called on the first request, and after a change of its file or what it has read', async (context) => {
  const { calls, live, next, text, write, cwd } = await setUp(context)
  assert.equal(calls.length, 0)
  live.resolve('css/site.css')
  text('css/site.css')
  next()
  assert.deepEqual(calls, ['css/site.scss'])
  write('css/_part.scss', 'color: red')
  assert.deepEqual(next(), ['css/site.css'])
  assert.equal(text('css/site.css'), 'a { color: red }')
  write('css/site.scss', 'b { use _part.scss }')
  assert.deepEqual(next(), ['css/site.css'])
  assert.equal(text('css/site.css'), 'b { color: red }')
  assert.equal(calls.length, 3)
  rmSync(join(cwd, 'a/css/site.scss'))
  assert.deepEqual(next(), ['css/site.css'])
  assert.equal(live.find('css/site.css'), undefined)
})

test('a new file is found under the name that it gets', async (context) => {
  const { text, write } = await setUp(context)
  write('css/new.scss', 'i {}')
  assert.equal(text('css/new.css'), 'i {}')
  assert.equal(text('css/new.scss'), undefined)
})

test('a transform that fails leaves its file empty and a problem, until it succeeds', async (context) => {
  const { live, next, text, write } = await setUp(context)
  const before = live.resolve('app.js')
  write('app.js', 'bad')
  assert.deepEqual(next(), ['app.js'])
  const [problem] = live.problems()
  assert.equal(problem?.code, 'transform')
  assert.match(
    problem?.message ?? '',
    /^This file is left empty\. The transform for \*\.js failed with app\.js .*: oh/,
  )
  assert.match(text('app.js') ?? '', /^throw new Error\(/)
  write('css/site.scss', 'bad')
  next()
  assert.equal(text('css/site.css'), '')
  write('css/site.scss', 'good')
  next()
  assert.equal(text('css/site.css'), 'good')
  write('app.js', 'one')
  assert.deepEqual(next(), ['app.js'])
  assert.equal(live.resolve('app.js'), before)
  assert.deepEqual(live.problems(), [])
})
