import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

test('why tells source, sizes, build and the references that lead to a file', async (context) => {
  const cwd = makeTree(context, {
    'assets/js/a.js': "import './b.js'",
    'assets/js/b.js': "import './c d.js'",
    'assets/js/c d.js': `export const c = '${'c'.repeat(2000)}'`,
    'assets/js/x.js': "import './y.js'",
    'assets/js/y.js': "import './x.js'",
    'fingerpost.config.json': '{ "sources": ["assets"], "encodings": ["gzip"] }',
  })
  assert.equal((await runIn(cwd, 'build')).code, 0)
  const first = JSON.parse((await runIn(cwd, 'why', 'js/c d.js', '--json')).stdout)
  assert.equal(first.source, join(cwd, 'assets/js/c d.js'))
  assert.deepEqual(first.chain, ['js/a.js', 'js/b.js', 'js/c d.js'])
  assert.deepEqual(first.users, ['js/b.js'])
  assert.deepEqual(Object.keys(first.since), ['digest', 'publishedAt'])
  writeFileSync(join(cwd, 'assets/js/a.js'), "import './b.js'\n")
  assert.equal((await runIn(cwd, 'build')).code, 0)
  for (const name of [
    first.asset.file,
    '/static/js/c%20d.js?v=1',
    `/static/${encodeURI(first.asset.file)}`,
    `https://shop.test:8443/static/${encodeURI(first.asset.file)}?v=1`,
  ]) {
    const { code, stdout } = await runIn(cwd, 'why', name)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^js\/c d\.js\n {2}url +\/static\/js\/c%20d\.[0-9a-f]{16}\.js\n {2}source +assets\/js\/c d\.js\n/,
    )
    assert.match(stdout, /size +2\.0 kB, gzip \d+ B\n/)
    assert.match(stdout, new RegExp(`since +build ${first.since.digest} of 20`))
    assert.match(
      stdout,
      /reached by {2}js\/a\.js → js\/b\.js → js\/c d\.js\n {2}used by +1 file\n {4}js\/b\.js\n$/,
    )
  }
  assert.match((await runIn(cwd, 'why', 'js/a.js')).stdout, /reached by {2}no other file of the build\n$/)
  assert.match((await runIn(cwd, 'why', 'js/x.js')).stdout, /reached by {2}js\/y\.js → js\/x\.js\n/)
})

test('why tells of a hashed name of an earlier build which file that was', async (context) => {
  const cwd = makeTree(context, {
    'assets/a.css': 'a{}',
    'fingerpost.config.json': '{ "sources": ["assets"], "url": "https://cdn.test/s/" }',
  })
  assert.equal((await runIn(cwd, 'build')).code, 0)
  const before = JSON.parse((await runIn(cwd, 'why', 'a.css', '--json')).stdout)
  writeFileSync(join(cwd, 'assets/a.css'), 'b{}')
  assert.equal((await runIn(cwd, 'build')).code, 0)
  for (const name of [before.asset.file, before.url, `/s/${before.asset.file}`]) {
    const { code, stdout } = await runIn(cwd, 'why', name)
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`asked for +${before.asset.file}, a file of an earlier build\\n`))
    assert.match(stdout, new RegExp(`since +build ${before.since.digest} of`))
  }
})

test('why and report tell where a file of an npm package comes from', async (context) => {
  const cwd = makeTree(context, {
    'assets/app.js': "import 'tiny'",
    'node_modules/tiny/package.json':
      '{ "name": "tiny", "version": "1.0.0", "type": "module", "main": "tiny.js" }',
    'node_modules/tiny/tiny.js': 'export default 1',
    'fingerpost.config.json': '{ "sources": ["assets"], "importMap": { "packages": "auto" } }',
  })
  assert.equal((await runIn(cwd, 'build')).code, 0)
  for (const name of ['npm/tiny@1.0.0/tiny.js', 'tiny']) {
    const story = JSON.parse((await runIn(cwd, 'why', name, '--json')).stdout)
    assert.equal(story.source, join(cwd, 'node_modules/tiny/tiny.js'))
  }
  const report = JSON.parse((await runIn(cwd, 'report', '--json')).stdout)
  const file = report.files.find(({ path }: { path: string }) => path === 'npm/tiny@1.0.0/tiny.js')
  assert.equal(file.source, 'node_modules/tiny')
})

test('an unknown name is answered with the nearest', async (context) => {
  const cwd = makeTree(context, { 'assets/a.css': 'a{}' })
  assert.equal((await runIn(cwd, 'build', 'assets')).code, 0)
  const { code, stderr } = await runIn(cwd, 'why', 'b.css')
  assert.equal(code, 1)
  assert.match(stderr, /"b\.css" is not in the build\.\s+Did you mean a\.css\?/)
  assert.equal((await runIn(cwd, 'why')).code, 2)
})
