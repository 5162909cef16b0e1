import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from '../../../src/builder/build.ts'
import { check } from '../../../src/builder/maintain/check.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { makeTree, readTree } from '../../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(20)

async function built(context: TestContext, options = {}) {
  const cwd = makeTree(context, {
    src: {
      'a.css': `${LONG} @import "b.css"; p { background: url(i.png?x) url(allowed.png) }`,
      'b.css': `${LONG} @import "a.css";`,
      'i.png': Buffer.from([137, 80, 78, 71]),
      'm.js': "import './n.js'",
      'n.js': `export {} // ${LONG.replaceAll('\n', ' ')}`,
    },
  })
  const settings = { sources: ['src'], cache: false as const, ...options }
  const { manifest } = await build({ ...settings, allowMissing: ['allowed.png'] }, { cwd })
  const out = join(cwd, 'staticfiles')
  const fileOf = (path: string) => join(out, manifest.assets.get(path)?.file ?? '')
  const run = (rules = {}) => check(settings, rules, { cwd })
  return { cwd, out, manifest, fileOf, run }
}

test('a build that is whole has no faults', async (context) => {
  const { run, manifest, out } = await built(context)
  const report = await run()
  assert.deepEqual(report.faults, [])
  assert.equal(report.digest, manifest.digest)
  assert.equal(report.checked.files, [...readTree(out).keys()].length - 2)
})

test('every kind of damage is found, each with its file', async (context) => {
  const { run, fileOf } = await built(context)
  const image = readFileSync(fileOf('i.png'))
  rmSync(fileOf('m.js'))
  rmSync(`${fileOf('n.js')}.br`)
  writeFileSync(
    fileOf('i.png'),
    image.map((byte) => byte ^ 1),
  )
  writeFileSync(fileOf('b.css'), 'short')
  writeFileSync(`${fileOf('a.css')}.gz`, gzipSync('something else'))
  const { faults } = await run()
  const found = faults.map(({ kind, path, file }) => `${kind} ${path} ${file.slice(-3)}`)
  for (const fault of [
    'missing m.js .js',
    'missing n.js .br',
    'digest i.png png',
    'size b.css css',
    'size a.css .gz',
  ]) {
    assert.ok(found.includes(fault), `${fault} in ${found.join(', ')}`)
  }
})

test('a damaged record beside the manifest is found, and the rest is checked all the same', async (context) => {
  const { run, out } = await built(context)
  writeFileSync(join(out, 'dictionaries.json'), '{"version":1,"minBytes":1024,"del')
  writeFileSync(join(out, 'history.json'), '')
  const { faults, checked } = await run()
  assert.deepEqual(
    faults.map(({ kind, path, message }) => [kind, path, message]),
    ['history.json', 'dictionaries.json'].map((file) => [
      'record',
      file,
      `${file} is damaged, or written by another program.`,
    ]),
  )
  assert.ok(checked.files > 5)
})

test('a sibling of the right size and digest that decodes to other bytes is found', async (context) => {
  const { run, out, fileOf, manifest } = await built(context, { encodings: ['gzip'] })
  const digester = await createDigester()
  const path = 'n.js'
  const wrong = gzipSync('other bytes')
  writeFileSync(`${fileOf(path)}.gz`, wrong)
  const asset = manifest.assets.get(path)
  const text = readFileSync(join(out, 'manifest.json'), 'utf8')
  const promised = JSON.stringify(asset?.encodings.gzip)
  const lie = JSON.stringify({ size: wrong.length, etag: digester.of(wrong) })
  assert.ok(text.includes(promised))
  writeFileSync(join(out, 'manifest.json'), text.replace(promised, lie))
  const { faults } = await run()
  assert.deepEqual(
    faults.map(({ kind, path }) => [kind, path]),
    [['encoding', path]],
  )
})

test('an integrity that is not of the bytes is found', async (context) => {
  const { run, out, manifest } = await built(context)
  const text = readFileSync(join(out, 'manifest.json'), 'utf8')
  const [right = '', other = ''] = ['i.png', 'n.js'].map((path) => manifest.assets.get(path)?.integrity)
  writeFileSync(join(out, 'manifest.json'), text.replace(right, other))
  const { faults } = await run()
  assert.deepEqual(
    faults.map(({ kind, path }) => [kind, path]),
    [['integrity', 'i.png']],
  )
})

test('a reference that leads to no file of the build is found, with its place', async (context) => {
  const { run, out } = await built(context)
  const text = readFileSync(join(out, 'manifest.json'), 'utf8')
  const lines = text.split('\n').filter((line) => !line.startsWith('  "i.png"'))
  writeFileSync(join(out, 'manifest.json'), lines.join('\n'))
  const { faults } = await run()
  assert.deepEqual(
    faults.map(({ kind, path }) => [kind, path]),
    [['reference', 'a.css']],
  )
  assert.match(faults[0]?.message ?? '', /a\.[0-9a-f]{16}\.css 21:\d+ points to i\.[0-9a-f]{16}\.png/)
})

test('repair makes siblings anew and nothing else', async (context) => {
  const { run, out, fileOf } = await built(context)
  const before = readTree(out)
  rmSync(`${fileOf('a.css')}.br`)
  writeFileSync(`${fileOf('b.css')}.gz`, 'damaged')
  const first = await run({ repair: 'variants' })
  assert.equal(first.repaired.length, 2)
  assert.deepEqual(first.faults, [])
  assert.deepEqual(readTree(out), before)
  rmSync(fileOf('m.js'))
  const second = await run({ repair: 'variants' })
  assert.deepEqual(
    second.faults.map(({ kind, path }) => [kind, path]),
    [['missing', 'm.js']],
  )
  assert.deepEqual(second.repaired, [])
})

test('what another quality would make is no repair', async (context) => {
  const { cwd, fileOf } = await built(context)
  const sibling = `${fileOf('a.css')}.gz`
  rmSync(sibling)
  const otherwise = { sources: ['src'], cache: false as const, compress: { '**': { gzip: 1 } } }
  const { faults, repaired } = await check(otherwise, { repair: 'variants' }, { cwd })
  assert.deepEqual([faults.length, faults[0]?.kind, repaired], [1, 'missing', []])
  assert.equal(existsSync(sibling), false)
})

test('an output without a manifest says what to run', async (context) => {
  const cwd = makeTree(context)
  await assert.rejects(check({ sources: [] }, {}, { cwd }), {
    code: 'FP_MANIFEST',
    message: /fingerpost build/,
  })
})

test('what a build was told to let pass is no fault, and the check needs not be told again', async (context) => {
  const cwd = makeTree(context, {
    src: { 'a.css': 'p { background: url(gone.png) url(../up.png) }', 'b.js': 'import "./nowhere"' },
  })
  const settings = { sources: ['src'], cache: false as const }
  await build({ ...settings, onMissing: 'warn' }, { cwd })
  assert.deepEqual((await check(settings, {}, { cwd })).faults, [])
})
