import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const TREE = {
  'fingerpost.config.json': '{ "sources": ["assets", "icons=vendor/icons", "old"] }',
  'assets/css/site.css': 'new',
  'old/css/site.css': 'older',
  'vendor/icons/a.svg': '',
}

test('find prints every file with the name, the winner first', async (context) => {
  const cwd = makeTree(context, TREE)
  const { code, stdout, stderr } = await runIn(cwd, 'find', 'css/site.css')
  assert.equal(code, 0)
  assert.equal(stdout, `${cwd}/assets/css/site.css\n${cwd}/old/css/site.css\n`)
  assert.equal(stderr, '')
  assert.equal((await runIn(cwd, 'find', 'css/site.css', '--first')).stdout, `${cwd}/assets/css/site.css\n`)
  assert.equal((await runIn(cwd, 'find', 'icons/a.svg')).stdout, `${cwd}/vendor/icons/a.svg\n`)
})

test('sources on the command line stand in for those of the config file', async (context) => {
  const cwd = makeTree(context, TREE)
  assert.equal((await runIn(cwd, 'find', 'x/css/site.css', 'x=old')).stdout, `${cwd}/old/css/site.css\n`)
})

test('find --json prints one object', async (context) => {
  const cwd = makeTree(context, TREE)
  const { stdout } = await runIn(cwd, 'find', 'css/site.css', '--json', '--first')
  assert.deepEqual(JSON.parse(stdout), {
    name: 'css/site.css',
    files: [{ file: join(cwd, 'assets/css/site.css'), size: 3, source: join(cwd, 'assets') }],
  })
})

test('a name that no source has exits with 1 and names the nearest', async (context) => {
  const cwd = makeTree(context, TREE)
  const { code, stdout, stderr } = await runIn(cwd, 'find', 'css/sites.css')
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /css\/sites\.css is not in the sources\.\n {2}Did you mean css\/site\.css\? Searched: \S+assets, /,
  )
  const asJson = JSON.parse((await runIn(cwd, 'find', 'css/sites.css', '--json')).stdout)
  assert.equal(asJson.error.code, 'FP_NOT_FOUND')
  assert.deepEqual(asJson.error.details.nearest, ['css/site.css'])
})

test('find without a name or without sources is wrong usage', async (context) => {
  const cwd = makeTree(context)
  assert.equal((await runIn(cwd, 'find')).code, 2)
  const { code, stderr } = await runIn(cwd, 'find', 'a.css')
  assert.equal(code, 2)
  assert.match(stderr, /No sources\. Try: fingerpost find a\.css assets/)
})

test('an ignored file is not found', async (context) => {
  const cwd = makeTree(context, TREE)
  assert.equal((await runIn(cwd, 'find', 'css/site.css', '--ignore', '*.css')).code, 1)
})

test('a mistake in the config file is wrong usage that names the file', async (context) => {
  const cwd = makeTree(context, { 'fingerpost.config.json': '{ "source": [] }' })
  const { code, stderr } = await runIn(cwd, 'find', 'a.css')
  assert.equal(code, 2)
  assert.match(stderr, /no option "source" in \S+fingerpost\.config\.json/)
  assert.match(stderr, /Did you mean sources\?/)
})
