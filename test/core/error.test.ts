import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FingerpostError } from '../../src/core/error.ts'

test('a message shows the control characters of the names in it, for logs that are read in terminals', () => {
  const name = 'a\u001b]0;x\u0007\r\u009b2J\u202eb'
  const error = new FingerpostError('FP_FILE', `${name} is missing.`, { remedy: `Remove ${name}.` })
  const shown = 'a\\x1b]0;x\\x07\\x0d\\x9b2J\\u202eb'
  assert.equal(error.message, `${shown} is missing.\n  Remove ${shown}.`)
  assert.ok(error.stack?.includes(shown) && !error.stack.includes('\u001b'))
})
