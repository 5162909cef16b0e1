import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/builder/context.ts'

function setEpoch(context: TestContext, value: string): void {
  const before = process.env['SOURCE_DATE_EPOCH']
  process.env['SOURCE_DATE_EPOCH'] = value
  context.after(() => {
    if (before === undefined) delete process.env['SOURCE_DATE_EPOCH']
    else process.env['SOURCE_DATE_EPOCH'] = before
  })
}

test('the time is that of SOURCE_DATE_EPOCH where it is set', (context) => {
  setEpoch(context, '1700000000')
  assert.equal(systemClock().toISOString(), '2023-11-14T22:13:20.000Z')
  setEpoch(context, '')
  assert.ok(Math.abs(systemClock().getTime() - Date.now()) < 60_000)
})

for (const value of ['yesterday', '-1', '1.5', '1700000000000', ' 1']) {
  test(`SOURCE_DATE_EPOCH ${JSON.stringify(value)} is refused`, (context) => {
    setEpoch(context, value)
    assert.throws(systemClock, { code: 'FP_CONFIG', message: /whole seconds/ })
  })
}
