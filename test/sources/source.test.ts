import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { locateSources, parseSource } from '../../src/sources/source.ts'
import { Link, makeTree } from '../support/tree.ts'

const readings: readonly [text: string, folder: string, prefix: string][] = [
  ['assets', '/app/assets', ''],
  ['./assets/', '/app/assets', ''],
  ['/srv/assets', '/srv/assets', ''],
  ['vendor=node_modules/x/dist', '/app/node_modules/x/dist', 'vendor/'],
  ['vendor/x/=lib', '/app/lib', 'vendor/x/'],
  ['=lib', '/app/lib', ''],
  ['x=a=b', '/app/a=b', 'x/'],
  ['./a=b', '/app/a=b', ''],
  ['../a=b', '/a=b', ''],
  ['/a=b', '/a=b', ''],
  ['@scope/x=lib', '/app/lib', '@scope/x/'],
]
for (const [text, folder, prefix] of readings) {
  test(`the source ${text} is ${folder} under '${prefix}'`, () => {
    assert.deepEqual(parseSource(text, '/app'), { folder, prefix })
  })
}

test('a source may be taken apart', () => {
  assert.deepEqual(parseSource({ dir: 'a=b', prefix: 'v' }, '/app'), { folder: '/app/a=b', prefix: 'v/' })
  assert.deepEqual(parseSource({ dir: 'a' }, '/app'), { folder: '/app/a', prefix: '' })
})

for (const text of ['', 'vendor=', 'a/../b=lib', 'a//b=lib']) {
  test(`'${text}' is no source`, () => {
    assert.throws(() => parseSource(text, '/app'), { code: 'FP_USAGE' })
  })
}

test('a missing source names the nearest folder, however much of its path is missing', async (context) => {
  const cwd = makeTree(context, { 'public/css/a.css': '' })
  await assert.rejects(locateSources(['pulbic'], { cwd }), { message: /Did you mean .*\/public\?$/ })
  await assert.rejects(locateSources(['pulbic/css/x'], { cwd }), {
    code: 'FP_SOURCE',
    message: /pulbic\/css doesn't exist either.*pulbic doesn't exist either. Did you mean .*\/public\?$/,
  })
  await assert.rejects(locateSources(['qqqqqqqq'], { cwd }), { message: /no folder of a similar name/ })
})

test('a file is no source', async (context) => {
  const cwd = makeTree(context, { 'a.css': '' })
  await assert.rejects(locateSources(['a.css'], { cwd }), {
    message: /a\.css is a file. A source is a folder/,
  })
  await assert.rejects(locateSources(['a.css/b'], { cwd }), { code: 'FP_SOURCE' })
})

test('the output may lie beside a source, not in it, around it or on it, however it is spelled', async (context) => {
  const cwd = makeTree(context, { 'src/a.css': '', 'out/src/a.css': '', way: new Link('src') })
  const [source] = await locateSources(['src'], { cwd, out: 'static' })
  assert.deepEqual(source, { folder: join(cwd, 'src'), prefix: '' })
  await locateSources(['src'], { cwd, out: 'src-out' })
  for (const out of ['src', 'src/out', 'src/not/yet/there', 'way/out', '.', './src/../src']) {
    await assert.rejects(
      locateSources(['src'], { cwd, out }),
      { code: 'FP_SOURCE', message: /--out DIR/ },
      out,
    )
  }
  await assert.rejects(locateSources(['src', 'out/src'], { cwd, out: 'out' }), /is inside the output/)
})

test('an output that can not be a folder is refused with the reason', async (context) => {
  const cwd = makeTree(context, { assets: {}, file: '', loop: new Link('loop') })
  const rows: readonly (readonly [string, RegExp])[] = [
    ['file/below', /file\/below is inside a file/],
    ['loop/x', /loop\/x is a link loop/],
  ]
  for (const [out, message] of rows) {
    await assert.rejects(locateSources(['assets'], { cwd, out }), { code: 'FP_SOURCE', message })
  }
})
