import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { build } from '../../../src/builder/build.ts'
import { check } from '../../../src/builder/maintain/check.ts'
import { resolveCollisions } from '../../../src/builder/publish/collisions.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { createDigester } from '../../../src/core/digest.ts'
import { isSystemError } from '../../../src/core/error.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'

const digester = await createDigester()
const LONG = 'let long = "the same words over and over again"\n'.repeat(40)
const HASHED = `app.${digester.of(Buffer.from(LONG))}.js`

interface Case {
  readonly src: Tree
  readonly options: Partial<BuildOptions>
  readonly says: RegExp
}

const COLLISIONS: Readonly<Record<string, Case>> = {
  'a kept name that a hashed name turns out to be': {
    src: { 'app.js': LONG, [HASHED]: 'let other' },
    options: { prehashed: ['app.????????????????.js'] },
    says: new RegExp(`\n  ${HASHED} {2}\\((app\\.js, ${HASHED}|${HASHED}, app\\.js)\\)`),
  },
  'a kept name that is a folder of another': {
    src: { 'one/assets': 'a file', 'two/assets/app.js': LONG },
    options: { sources: ['src/one', 'src/two'], prehashed: ['assets', 'app.js'] },
    says: /\n {2}assets {2}\(assets, assets\/app\.js\)/,
  },
  'a kept name that is the manifest': {
    src: { 'manifest.json': '{}' },
    options: { prehashed: ['*.json'] },
    says: /\n {2}manifest\.json {2}\(the build's manifest, manifest\.json\)/,
  },
  'a kept name that is the history, but for letter case': {
    src: { 'History.json': '{}' },
    options: { prehashed: ['*.json'] },
    says: /\n {2}History\.json {2}\(the build's history, History\.json\)/,
  },
  'a file in the folder for locks': {
    src: { '.fingerpost': { 'lock-1': '' } },
    options: { prehashed: ['lock-*'], ignore: ['!.fingerpost'] },
    says: /\n {2}\.fingerpost\/lock-1 {2}\(fingerpost's own folder, \.fingerpost\/lock-1\)/,
  },
}

for (const [name, { src, options, says }] of Object.entries(COLLISIONS)) {
  for (const mode of ['publish', 'dry-run'] as const) {
    test(`${name} is refused before anything is written (${mode})`, async (context) => {
      const cwd = makeTree(context, { src })
      const run = build({ sources: ['src'], cache: false, ...options }, { cwd, mode })
      await assert.rejects(run, (error) => {
        assert.ok(isSystemError(error, 'FP_COLLISION'), String(error))
        assert.match(error.message, says)
        assert.match(error.message, /Remove one from prehashed, or leave it out with --ignore GLOB/)
        return true
      })
      assert.equal(statSync(join(cwd, 'staticfiles'), { throwIfNoEntry: false }), undefined)
    })
  }
}

test('a precompressed file that a source brings is kept as it is, and only the others are made', async (context) => {
  const brought = `not what gzip would make, and ${LONG}`
  const cwd = makeTree(context, { src: { 'app-B1xy.js': LONG, 'app-B1xy.js.gz': brought, 'own.js': LONG } })
  const options = { sources: ['src'], prehashed: ['app-*'], cache: false } as const
  const { manifest } = await build(options, { cwd })
  const files = readTree(join(cwd, 'staticfiles'))
  assert.equal(files.get('app-B1xy.js.gz')?.toString(), brought)
  assert.equal(brotliDecompressSync(files.get('app-B1xy.js.br') ?? Buffer.alloc(0)).toString(), LONG)
  assert.deepEqual(Object.keys(manifest.assets.get('app-B1xy.js')?.encodings ?? {}), ['br'])
  assert.deepEqual(Object.keys(manifest.assets.get('own.js')?.encodings ?? {}), ['br', 'gzip'])
  assert.deepEqual((await check(options, {}, { cwd })).faults, [])
  assert.equal((await build(options, { cwd })).work.written, 0)
})

test('a precompressed file of our own gives way to one that a source brings later', async (context) => {
  const cwd = makeTree(context, { one: { 'app-B1xy.js': LONG }, two: { 'app-B1xy.js.gz': 'brought' } })
  const options = { prehashed: ['app-*'], cache: false } as const
  await build({ ...options, sources: ['one'] }, { cwd })
  await build({ ...options, sources: ['one', 'two'] }, { cwd })
  assert.equal(readTree(join(cwd, 'staticfiles')).get('app-B1xy.js.gz')?.toString(), 'brought')
  assert.deepEqual((await check({ ...options, sources: [] }, {}, { cwd })).faults, [])
})

test('a name that looks hashed before it is may be the one another gets', () => {
  const names = new Map([
    ['app.js', { file: 'app.0123456789abcdef.js' }],
    ['app.0123456789ABCDEF.js/x', { file: 'app.0123456789ABCDEF.js/x.fedcba9876543210' }],
  ])
  assert.throws(() => resolveCollisions(names), /app\.0123456789abcdef\.js {2}\(app\.js, /)
})

test('all collisions are told at once, and a long list is cut', () => {
  const names = new Map(
    Array.from({ length: 25 }, (_, i) => [
      [`x${i}`, { file: `x${i}` }],
      [`X${i}`, { file: `X${i}` }],
    ]).flat() as [string, { file: string }][],
  )
  assert.throws(
    () => resolveCollisions(names),
    (error) => {
      assert.ok(isSystemError(error, 'FP_COLLISION'))
      assert.match(error.message, /\n {2}X0 {2}\(x0, X0\)[\s\S]*\n {2}X19 {2}\(x19, X19\)\n {2}and 5 more\n/)
      return true
    },
  )
})
