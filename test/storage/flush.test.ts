import assert from 'node:assert/strict'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree } from '../support/tree.ts'

/** What is done to files, in order. Nothing else can tell a file that was flushed from one that was not, but a power cut. */
async function record(folder: string): Promise<string[]> {
  const steps: string[] = []
  const { fsync, linkSync, renameSync } = fs
  const file = await open(folder)
  const prototype = Object.getPrototypeOf(file) as { sync(): Promise<void> }
  await file.close()
  const { sync } = prototype
  Object.assign(fs, {
    fsync: (...given: Parameters<typeof fsync>) => {
      steps.push('flush')
      fsync(...given)
    },
    renameSync: (...given: Parameters<typeof renameSync>) => {
      steps.push('name')
      renameSync(...given)
    },
    linkSync: (...given: Parameters<typeof linkSync>) => {
      steps.push('name')
      linkSync(...given)
    },
  })
  prototype.sync = function (this: unknown) {
    steps.push('flush')
    return sync.call(this)
  }
  syncBuiltinESMExports()
  return steps
}

test('a file is flushed to the disk before it gets its name, small or large, new or in place of another', async (context) => {
  const root = makeTree(context)
  const steps = await record(root)
  // Only now, so that it sees what is recorded.
  const { createFilesystemStorage } = await import('../../src/storage/disk/filesystem.ts')
  const storage = createFilesystemStorage({ root: join(root, 'out') })
  for (const bytes of [10, 1_000_000]) {
    for (const overwrite of [false, true]) {
      steps.length = 0
      await storage.save(`a${bytes}`, Buffer.alloc(bytes), { overwrite })
      assert.deepEqual(steps, ['flush', 'name'], `${bytes} bytes, overwrite ${overwrite}`)
    }
  }
})
