import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutErrors } from '../../../bench/load/load.ts'
import { luaScript, parseWrk } from '../../../bench/load/wrk.ts'

const line = (fields: object) =>
  `Running 1s test @ http://127.0.0.1\n  2 requests in 1s\n\n${JSON.stringify({
    ...{ requests: 100, seconds: 1.5, bytes: 5000, p50: 1, p99: 9, failed: 0, refused: 0 },
    ...fields,
  })}\n`

test('the last line of the output is the result', () => {
  assert.deepEqual(parseWrk(line({}), 200), {
    requests: 100,
    seconds: 1.5,
    bytes: 5000,
    p50: 1,
    p99: 9,
    errors: 0,
  })
})

test('answers of 400 and more are errors unless they were asked for', () => {
  assert.equal(parseWrk(line({ refused: 100 }), 200).errors, 100)
  assert.equal(parseWrk(line({ refused: 100 }), 404).errors, 0)
  assert.equal(parseWrk(line({ refused: 60 }), 404).errors, 40)
})

test('broken connections are errors whatever was asked', () => {
  assert.equal(parseWrk(line({ refused: 100, failed: 3 }), 404).errors, 3)
})

test('output without a result is an error', () => {
  assert.throws(() => parseWrk('unable to connect to 127.0.0.1', 200), SyntaxError)
})

test('a result with errors, or of nothing, is not taken', () => {
  const good = parseWrk(line({}), 200)
  assert.equal(withoutErrors(good), good)
  assert.throws(() => withoutErrors({ ...good, errors: 7 }), /7 of 100 answers failed/)
  assert.throws(() => withoutErrors({ ...good, requests: 0 }), /no answer was complete after/)
})

test('quotes and backslashes in headers do not end the Lua string', () => {
  const script = luaScript({ paths: ['/a'], headers: { 'if-none-match': '"a\\b"' } })
  assert.ok(script.includes('["if-none-match"] = "\\"a\\\\b\\""'))
})
