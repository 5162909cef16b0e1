import type { TestContext } from 'node:test'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { createS3Lab } from './s3.ts'
import { makeTree } from './tree.ts'

/** A kind of storage: its title, and how to make an empty one; undefined, and the test skipped, without an S3 server. */
export type StorageKind = readonly [
  title: string,
  make: (context: TestContext) => Promise<Storage | undefined>,
]

/** Every kind of storage that media are kept in. Call it at the top of a test file. */
export function listStorages(): readonly StorageKind[] {
  const lab = createS3Lab()
  return [
    ['a folder', async (context) => createFilesystemStorage({ root: makeTree(context) })],
    ['memory', async () => createMemoryStorage()],
    ['a bucket', (context) => lab.storage(context)],
  ]
}

/** Every name in a storage, and `leftover` for each file that only a sweep sees. */
export async function allIn(storage: Storage): Promise<readonly string[]> {
  const names: string[] = []
  for await (const { key } of storage.list()) names.push(key)
  return [...names, ...Array<string>(await storage.sweep()).fill('leftover')]
}
