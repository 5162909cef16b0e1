import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeInputs, withoutYoung } from '../../../src/builder/cache/inputs.ts'
import { createDigester } from '../../../src/core/digest.ts'
import type { Collection, SourceFile } from '../../../src/sources/finder.ts'

const SOURCE = { folder: '/nowhere', prefix: '' }
const STAT = { size: 1, mtimeNs: 5n, ctimeNs: 6n, inode: 2n ** 63n + 7n }

/** A collection of two hundred files, of which some are told otherwise. */
function collection(others: Readonly<Record<string, Partial<SourceFile>>> = {}): Collection {
  const files = Array.from({ length: 200 }, (_, at): SourceFile => {
    const path = `file-${at}`
    return { path, absolutePath: `/nowhere/${path}`, source: SOURCE, ...STAT, ...others[path] }
  })
  return { files: new Map(files.map((file) => [file.path, file])), shadowed: [], skipped: [] }
}

test('any difference of a stat is a change', async () => {
  const digester = await createDigester()
  const before = describeInputs(collection(), digester)
  const edits: readonly Partial<SourceFile>[] = [
    { size: 2 },
    { mtimeNs: -5n },
    { ctimeNs: 7n },
    { inode: 7n },
  ]
  for (const edit of edits) {
    const inputs = describeInputs(collection({ 'file-63': edit }), digester)
    assert.equal(inputs.names, before.names)
    assert.ok(!inputs.stats.equals(before.stats))
  }
  assert.ok(describeInputs(collection(), digester).stats.equals(before.stats))
})

test('what was touched a moment ago is a change ever after', async () => {
  const digester = await createDigester()
  const young = collection({ 'file-7': { mtimeNs: 3_000_001n }, 'file-8': { ctimeNs: 3_000_001n } })
  const inputs = describeInputs(young, digester)
  assert.ok(!withoutYoung(inputs, young, 3).stats.equals(inputs.stats))
  assert.deepEqual(withoutYoung(inputs, young, 4), inputs)
})

test('another place, and whatever loses or is left out, is another site', async () => {
  const digester = await createDigester()
  const { files } = collection()
  const [first] = files.values()
  assert.ok(first !== undefined)
  const skipped = { path: 'x', absolutePath: '/nowhere/x', reason: 'ignored' as const }
  const sites = [
    collection(),
    collection({ 'file-1': { absolutePath: '/elsewhere/file-1' } }),
    { files: new Map([...files].slice(1)), shadowed: [], skipped: [] },
    { files, shadowed: [{ path: 'x', winner: first, loser: first }], skipped: [] },
    { files, shadowed: [], skipped: [skipped] },
    { files, shadowed: [], skipped: [{ ...skipped, reason: 'link-outside' as const }] },
  ]
  assert.equal(new Set(sites.map((site) => describeInputs(site, digester).names)).size, sites.length)
})
