import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { canMakeDeltas } from '../../src/builder/compress/delta.ts'
import { DELTA_ENCODINGS } from '../../src/core/encoding.ts'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { deltasOf } from '../support/deltas.ts'
import { findOtherNode } from '../support/require.ts'
import { makeTree, readTree } from '../support/tree.ts'

const CLI = join(REPOSITORY, 'dist/cli.cjs')
/** Real files, enough for encoders of different versions to show that they differ. */
const FILES = ['bootstrap/dist/css/bootstrap.css', '@fortawesome/fontawesome-free/js/fontawesome.js']

test('what this Node makes is what its versions promise', () => {
  assert.deepEqual(DELTA_ENCODINGS.filter(canMakeDeltas), deltasOf(process.execPath))
})

test('another Node makes the same deltas', async (context) => {
  const other = findOtherNode(context)
  if (other === undefined) return
  const encodings = deltasOf(process.execPath).filter((each) => deltasOf(other).includes(each))
  if (encodings.length === 0) return context.skip('these two make none in common')
  const config = { sources: ['src'], encodings: ['gzip'], cache: false, dictionaries: { encodings } }
  const trees: ReadonlyMap<string, Buffer>[] = []
  for (const node of [process.execPath, other]) {
    const cwd = makeTree(context, { 'fingerpost.config.json': JSON.stringify(config), src: {} })
    for (const edit of ['', '/* one line more */\n']) {
      for (const file of FILES) {
        const text = readFileSync(join(REPOSITORY, 'node_modules', file), 'utf8')
        writeFileSync(join(cwd, 'src', basename(file)), text.replace('\n', `\n${edit}`))
      }
      const env = { SOURCE_DATE_EPOCH: '1700000000' }
      const { code, stderr } = await runNode([CLI, 'build'], { cwd, env }, node)
      assert.equal(code, 0, stderr)
    }
    trees.push(readTree(join(cwd, 'staticfiles')))
  }
  const [ours = new Map(), theirs = new Map()] = trees
  assert.equal(
    [...ours.keys()].filter((key) => /\.dc[bz]$/.test(key)).length,
    encodings.length * FILES.length,
  )
  assert.deepEqual([...theirs.keys()], [...ours.keys()])
  for (const [key, bytes] of ours) assert.ok(theirs.get(key)?.equals(bytes), `${key} differs`)
})
