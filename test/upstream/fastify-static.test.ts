import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

test('@fastify/static opens a file for each pipelined request, as its report says', () => {
  const program = join(import.meta.dirname, 'fastify-static.mjs')
  const { connected, afterReset } = JSON.parse(
    execFileSync(process.execPath, [program], { encoding: 'utf8' }),
  )
  assert.ok(connected > 100, `${connected} descriptors: the report is out of date (fastify-static.md)`)
  // Node 24 tells a response that its connection has ended before its turn.
  if (Number.parseInt(process.versions.node, 10) < 24)
    assert.ok(afterReset > 100, `${afterReset} descriptors after the reset: the report is out of date`)
})
