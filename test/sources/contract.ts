import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Finder } from '../../src/sources/finder.ts'
import type { Tree } from '../support/tree.ts'

/** Makes a finder over a tree, its files below a prefix ('' or with a slash at its end). */
export type MakeFinder = (context: TestContext, tree: Tree, prefix: string) => Promise<Finder> | Finder

/** What every finder promises. */
export function testFinderContract(name: string, makeFinder: MakeFinder): void {
  const tree = { 'css/site.css': 'a{}', 'css/deep/er.css': 'bb', 'a-b.txt': '', a: { 'b.txt': 'x' } }

  test(`${name}: lists every file in path order, with size and times`, async (context) => {
    const { files, troubles } = await (await makeFinder(context, tree, '')).list()
    assert.deepEqual(
      files.map((file) => [file.path, file.size]),
      [
        ['a-b.txt', 0],
        ['a/b.txt', 1],
        ['css/deep/er.css', 2],
        ['css/site.css', 3],
      ],
    )
    assert.ok(files.every((file) => file.mtimeNs > 0n && file.ctimeNs > 0n && file.inode > 0n))
    assert.deepEqual(troubles, [])
  })

  test(`${name}: the prefix stands before every name`, async (context) => {
    const finder = await makeFinder(context, { 'x.css': '' }, 'vendor/x/')
    const { files } = await finder.list()
    assert.deepEqual(
      files.map((file) => file.path),
      ['vendor/x/x.css'],
    )
    assert.equal(finder.find('vendor/x/x.css')?.path, 'vendor/x/x.css')
    assert.equal(finder.find('x.css'), undefined)
  })

  test(`${name}: finds exactly what it lists`, async (context) => {
    const finder = await makeFinder(
      context,
      { ...tree, '.git/config': '', 'a.css~': '', '.well-known/x': '' },
      '',
    )
    const { files } = await finder.list()
    for (const file of files) assert.deepEqual(finder.find(file.path), file)
    const absent = [
      'css',
      'css/',
      'none.css',
      'css/site.css/x',
      '../x',
      '/css/site.css',
      '',
      'a\0b',
      '.git/config',
    ]
    for (const path of [...absent, 'a.css~', 'x'.repeat(5000)]) {
      assert.equal(finder.find(path), undefined, path)
    }
  })
}
