import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineDigest } from '../../../src/builder/cache/line-digest.ts'
import { createDigester } from '../../../src/core/digest.ts'

test('lines of any number and length have the digest of all of them in one text', async () => {
  const digester = await createDigester()
  const lists = [
    [],
    ['one'],
    Array.from({ length: 5000 }, (_, at) => `file-${at} é`),
    ['\u{1f600}'.repeat(50_000), 'short', 'x'.repeat(200_000)],
  ]
  for (const lines of lists) {
    const digest = createLineDigest(digester)
    for (const line of lines) digest.add(line)
    assert.equal(digest.digest(), digester.of(Buffer.from(lines.map((line) => `${line}\0\n`).join(''))))
  }
})
