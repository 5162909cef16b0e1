import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { locateSources, parseSource, type SourceOption } from '../../src/sources/source.ts'
import { TYPESCRIPT } from '../support/cli.ts'
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

/** A monorepo: one package hoisted to the top, one of the app's own, one that exports no package.json. */
const MONOREPO = {
  'node_modules/hoisted/package.json': '{"name":"hoisted"}',
  'node_modules/hoisted/dist/a.css': '',
  'node_modules/@scope/closed/package.json': '{"name":"@scope/closed","exports":{"import":"./x.mjs"}}',
  'node_modules/@scope/closed/x.mjs': '',
  'node_modules/own/package.json': '{"name":"own"}',
  'apps/web/node_modules/own/package.json': '{"name":"own"}',
  'apps/web/assets/a.css': '',
}

test('a package is found as Node finds it: near, hoisted, and without exporting its package.json', (context) => {
  const root = makeTree(context, MONOREPO)
  const cwd = join(root, 'apps/web')
  assert.deepEqual(parseSource({ package: 'hoisted', dir: 'dist', prefix: 'vendor/h' }, cwd), {
    folder: join(root, 'node_modules/hoisted/dist'),
    prefix: 'vendor/h/',
  })
  assert.deepEqual(parseSource('h=npm:hoisted/dist', cwd), {
    folder: join(root, 'node_modules/hoisted/dist'),
    prefix: 'h/',
  })
  assert.equal(parseSource('npm:@scope/closed', cwd).folder, join(root, 'node_modules/@scope/closed'))
  assert.equal(parseSource({ package: 'own' }, cwd).folder, join(cwd, 'node_modules/own'))
})

test('a package whose exports lead its own package.json elsewhere is found all the same', (context) => {
  const cwd = makeTree(context, {
    'node_modules/moved/package.json': '{ "name": "moved", "exports": { "./*": "./dist/*" } }',
    'node_modules/moved/dist/a.css': 'a{}',
  })
  assert.equal(parseSource('npm:moved/dist', cwd).folder, join(cwd, 'node_modules/moved/dist'))
})

test('a package is where Yarn PnP says, whatever it exports', async (context) => {
  const cwd = makeTree(context, {
    'cache/pnp-only/package.json': '{"name":"pnp-only"}',
    'pnpapi.cjs': `exports.resolveToUnqualified = (name, issuer) =>
  ['closed', 'pnp-only'].includes(name) && issuer.endsWith('/') ? __dirname + '/cache/' + name + '/' : null`,
    'pnp.cjs': `const Module = require('node:module')
const resolve = Module._resolveFilename
Module._resolveFilename = (request, ...rest) =>
  request === 'pnpapi' ? __dirname + '/pnpapi.cjs' : resolve(request, ...rest)
Object.defineProperty(process, 'versions', { value: { ...process.versions, pnp: '3' } })`,
  })
  const program = `import { parseSource } from ${JSON.stringify(new URL('../../src/sources/source.ts', import.meta.url))}
console.log(parseSource('npm:pnp-only/dist', process.cwd()).folder)
console.log(parseSource('npm:closed/dist', process.cwd()).folder)`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--require', './pnp.cjs', ...TYPESCRIPT, '--input-type=module', '-e', program],
    { cwd },
  )
  assert.deepEqual(stdout.trim().split('\n'), [
    join(cwd, 'cache/pnp-only/dist'),
    join(cwd, 'cache/closed/dist'),
  ])
})

test('a package that is not installed, lacks the folder or has no such name is told of', async (context) => {
  const cwd = makeTree(context, MONOREPO)
  const error = (source: SourceOption) => locateSources([source], { cwd })
  await assert.rejects(error({ package: 'bootstrap', dir: 'dist' }), {
    code: 'FP_SOURCE',
    message: `The package bootstrap is not installed: Node doesn't find it from ${cwd}.\n  Run: npm install bootstrap`,
  })
  await assert.rejects(error('npm:hoisted/dits'), {
    code: 'FP_SOURCE',
    message: /Did you mean .*hoisted\/dist\?$/,
  })
  for (const source of [
    'npm:',
    'npm:../hoisted',
    'npm:hoisted/../own',
    'npm:a b',
    { package: 'own', dir: '/etc' },
  ]) {
    await assert.rejects(
      error(source),
      { code: 'FP_USAGE', message: /Write \{ package: 'bootstrap'/ },
      String(source),
    )
  }
})
