import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collect, findEverywhere } from '../../src/sources/collect.ts'
import { createFolderFinder } from '../../src/sources/folder-finder.ts'
import { Link, makeTree, type Tree } from '../support/tree.ts'

function finders(context: TestContext, ...trees: readonly Tree[]) {
  return trees.map((tree) => createFolderFinder({ folder: makeTree(context, tree), prefix: '' }))
}

test('the source asked first wins, the other is reported', async (context) => {
  const sources = finders(context, { 'a.css': 'first', 'b.css': '' }, { 'a.css': 'second!', 'c.css': '' })
  const { files, shadowed } = await collect(sources)
  assert.deepEqual([...files.keys()], ['a.css', 'b.css', 'c.css'])
  assert.equal(files.get('a.css')?.size, 5)
  assert.equal(shadowed.length, 1)
  assert.equal(shadowed[0]?.winner, files.get('a.css'))
  assert.equal(shadowed[0]?.loser.size, 7)
})

test('a folder that is listed twice shadows nothing', async (context) => {
  const folder = makeTree(context, { 'a.css': 'a', 'img/b.svg': 'b' })
  const sources = [
    createFolderFinder({ folder, prefix: '' }),
    createFolderFinder({ folder, prefix: '' }),
    createFolderFinder({ folder: join(folder, 'img'), prefix: 'img/' }),
  ]
  const { files, shadowed } = await collect(sources)
  assert.deepEqual([...files.keys()], ['a.css', 'img/b.svg'])
  assert.deepEqual(shadowed, [])
})

test('find gives every source that has the name, the winner first', async (context) => {
  const sources = finders(context, { 'a.css': 'x' }, { 'b.css': '' }, { 'a.css': 'xyz' })
  const found = findEverywhere(sources, 'a.css')
  assert.deepEqual(
    found.map((file) => file.size),
    [1, 3],
  )
  assert.deepEqual(findEverywhere(sources, 'none.css'), [])
})

test('one error names everything in all sources that can not be collected', async (context) => {
  const sources = finders(
    context,
    { 'a.css': '', 'gone.css': new Link('x') },
    { 'loop.css': new Link('loop.css') },
  )
  await assert.rejects(collect(sources), (error: Error & { code: string }) => {
    assert.equal(error.code, 'FP_FILE')
    assert.match(
      error.message,
      /^2 files can't be collected:\n {2}\S+gone\.css: dangling link to x\n {2}\S+loop\.css: /,
    )
    assert.match(error.message, /--ignore/)
    return true
  })
})

test('two spellings of one name collide, also across sources and Unicode forms', async (context) => {
  const sources = finders(
    context,
    { 'CSS/Site.css': '', 'caf\u00e9.css': '' },
    { 'css/site.css': '', 'cafe\u0301.css': '' },
  )
  await assert.rejects(collect(sources), (error: Error & { code: string; details: { paths: unknown } }) => {
    assert.equal(error.code, 'FP_COLLISION')
    assert.deepEqual(error.details.paths, [
      ['CSS/Site.css', 'css/site.css'],
      ['cafe\u0301.css', 'caf\u00e9.css'],
    ])
    return true
  })
})

test('the same folder name in two spellings is no collision while the files differ', async (context) => {
  const { files } = await collect(finders(context, { 'CSS/a.css': '', 'css/b.css': '' }))
  assert.equal(files.size, 2)
})

test('the order of the result depends on names alone', async (context) => {
  const names = ['b.css', 'a.css', 'Z.css', 'a/b.css', 'a-b.css', 'é.css']
  const forth = makeTree(context, Object.fromEntries(names.map((name) => [name, ''])))
  const back = makeTree(context, Object.fromEntries(names.reverse().map((name) => [name, ''])))
  const [one, two] = await Promise.all(
    [forth, back].map((folder) => collect([createFolderFinder({ folder, prefix: '' })])),
  )
  assert.deepEqual([...(one?.files.keys() ?? [])], [...(two?.files.keys() ?? [])])
  assert.deepEqual([...(one?.files.keys() ?? [])], ['Z.css', 'a-b.css', 'a.css', 'a/b.css', 'b.css', 'é.css'])
})

test('a missing source stops the collection', async (context) => {
  const folder = join(makeTree(context), 'none')
  await assert.rejects(collect([createFolderFinder({ folder, prefix: '' })]), { code: 'FP_SOURCE' })
})
