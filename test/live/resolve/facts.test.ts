import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDigester } from '../../../src/core/digest.ts'
import { FingerpostError } from '../../../src/core/error.ts'
import { createFactStore } from '../../../src/live/resolve/facts.ts'
import { cssScanner } from '../../../src/scan/css.ts'
import type { SourceFile } from '../../../src/sources/finder.ts'

const FILE: SourceFile = {
  path: 'a.css',
  absolutePath: '/a.css',
  source: { folder: '/', prefix: '' },
  size: 3,
  mtimeNs: 1_000_000_000_000n,
  ctimeNs: 1_000_000_000_000n,
  inode: 1n,
}
const EDITED_AT_MS = 1_000_000

/** A file whose stat never changes, whatever is written: a disk with a coarse clock. */
async function setUp(nowMs: number) {
  const disk = { content: 'one', reads: 0, clock: nowMs }
  const read = () => {
    disk.reads++
    if (disk.content === '') throw new FingerpostError('FP_CHANGED', 'edited meanwhile')
    return Buffer.from(disk.content)
  }
  const reader = { read, isCurrent: () => true }
  const digester = await createDigester()
  const facts = createFactStore({ reader, digester, scanners: [cssScanner], now: () => disk.clock })
  return { facts, disk }
}

test('a file read long after its last edit is trusted by its stat', async () => {
  const { facts, disk } = await setUp(EDITED_AT_MS + 5000)
  facts.of(FILE)
  assert.equal(facts.of(FILE), facts.of(FILE))
  assert.ok(facts.confirm(FILE))
  assert.equal(disk.reads, 1)
})

test('a file read right after its last edit is read again until it has settled', async () => {
  const { facts, disk } = await setUp(EDITED_AT_MS + 10)
  facts.of(FILE)
  assert.ok(facts.confirm(FILE))
  disk.clock = EDITED_AT_MS + 5000
  assert.ok(facts.confirm(FILE))
  assert.ok(facts.confirm(FILE))
  assert.equal(disk.reads, 3)
})

test('a second edit within one tick of the clock is seen, however late one looks', async () => {
  const { facts, disk } = await setUp(EDITED_AT_MS + 10)
  facts.of(FILE)
  disk.content = 'two'
  disk.clock = EDITED_AT_MS + 60_000
  assert.equal(facts.confirm(FILE), false)
})

test('a file that is being edited while one looks is no longer the known one', async () => {
  const { facts, disk } = await setUp(EDITED_AT_MS + 10)
  facts.of(FILE)
  disk.content = ''
  assert.equal(facts.confirm(FILE), false)
})
