import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FingerpostError, showControlsIn } from '../../src/core/error.ts'

test('a message shows the control characters of the names in it, for logs that are read in terminals', () => {
  const name = 'a\u001b]0;x\u0007\r\u009b2J\u202eb\u200f'
  const error = new FingerpostError('FP_FILE', `${name} is missing.`, { remedy: `Remove ${name}.` })
  const shown = 'a\\x1b]0;x\\x07\\x0d\\x9b2J\\u202eb\\u200f'
  assert.equal(error.message, `${shown} is missing.\n  Remove ${shown}.`)
  assert.ok(error.stack?.includes(shown) && !error.stack.includes('\u001b'))
})

test('so do its details and causes, which loggers write as well', () => {
  const cause = Object.assign(new Error('open a\u009b2J', { cause: new Error('\u009b') }), {
    code: 'ENOENT',
    path: 'a\u009b2J',
  })
  const details = { names: ['a\u009b2J'], at: { 'n\u009b': '\u202e' }, size: 3n, map: new Map() }
  const error = new FingerpostError('FP_FILE', 'No.', { cause, details })
  assert.deepEqual(error.details, { ...details, names: ['a\\x9b2J'], at: { 'n\\x9b': '\\u202e' } })
  const shown = error.cause as typeof cause
  assert.ok(shown instanceof Error && shown.code === 'ENOENT')
  assert.deepEqual(
    [shown.message, shown.path, (shown.cause as Error).message],
    ['open a\\x9b2J', 'a\\x9b2J', '\\x9b'],
  )
  assert.doesNotMatch(shown.stack ?? '', /\u009b/)
  assert.equal(cause.message, 'open a\u009b2J', 'it may belong to the app')
})

test('an error without control characters is left as it is, even one that is its own cause', () => {
  const error = Object.assign(new Error('a'), { details: {} })
  error.cause = error
  assert.equal(showControlsIn(error), error)
})
