import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'

const HOOK = join(import.meta.dirname, 'fixture/count-threads.cjs')

test('a build has a thread of the pool for each core and four more, unless the environment says otherwise', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  const cwd = makeTree(context, { assets: { 'a.txt': 'a' } })
  const threadsWith = async (UV_THREADPOOL_SIZE: string | undefined) => {
    const words = ['--require', HOOK, join(REPOSITORY, 'dist/cli.cjs'), 'build', 'assets', '--no-cache']
    const { stderr } = await runNode(words, { cwd, env: { ...process.env, UV_THREADPOOL_SIZE } })
    return Number(/threads (\d+)/.exec(stderr)?.[1])
  }
  assert.equal((await threadsWith(undefined)) - (await threadsWith('1')), availableParallelism() + 3)
})
