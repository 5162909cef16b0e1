import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdTick } from '../../src/serve/tick.ts'

const symbolsOf = (entry: object) => Object.getOwnPropertySymbols(entry).map(({ description }) => description)

test('what is held is an entry of the queue of ticks, until it is released', async () => {
  const tick = holdTick()
  await new Promise<void>((resolve) => process.nextTick(resolve))
  assert.ok(tick.entry !== undefined)
  // What Node's nextTick gives an entry besides the callback.
  assert.deepEqual(symbolsOf(tick.entry).slice(0, 2), ['async_id_symbol', 'trigger_async_id_symbol'])
  assert.equal('callback' in tick.entry, true)
  tick.release()
  assert.equal(tick.entry, undefined)
})
