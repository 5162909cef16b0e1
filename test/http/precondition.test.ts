import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allowsRange,
  type ConditionalHeaders,
  evaluatePreconditions,
  parseEntityTags,
  parseHttpDate,
  type Verdict,
} from '../../src/http/precondition.ts'

const ETAG = '"3f9a"'
const BEFORE = 'Sat, 29 Oct 1994 19:43:30 GMT'
const SAME = 'Sat, 29 Oct 1994 19:43:31 GMT'
const AFTER = 'Sat, 29 Oct 1994 19:43:32 GMT'
const MODIFIED_AT_MS = Date.UTC(1994, 9, 29, 19, 43, 31)

/** RFC 9110 §13.1 and §13.2.2, for a representation with an entity tag and a date. */
const TABLE: readonly (readonly [name: string, headers: ConditionalHeaders, verdict: Verdict])[] = [
  ['no condition', {}, 'proceed'],
  ['If-None-Match with our tag', { 'if-none-match': ETAG }, 'not-modified'],
  ['If-None-Match with another', { 'if-none-match': '"other"' }, 'proceed'],
  ['If-None-Match with a list', { 'if-none-match': `"a", W/"b" , ${ETAG}` }, 'not-modified'],
  ['If-None-Match with a list without blanks', { 'if-none-match': `"a",${ETAG},"c"` }, 'not-modified'],
  ['If-None-Match compares weakly', { 'if-none-match': `W/${ETAG}` }, 'not-modified'],
  ['If-None-Match *', { 'if-none-match': '*' }, 'not-modified'],
  ['If-None-Match with a comma in a tag', { 'if-none-match': `"a,b", ${ETAG}` }, 'not-modified'],
  ['If-None-Match without quotes', { 'if-none-match': '3f9a' }, 'proceed'],
  ['If-None-Match in other letters', { 'if-none-match': '"3F9A"' }, 'proceed'],
  ['If-None-Match empty', { 'if-none-match': '' }, 'proceed'],
  ['If-None-Match with a part of our tag', { 'if-none-match': '"3f9"' }, 'proceed'],
  ['If-None-Match with an unclosed tag', { 'if-none-match': '"3f9a' }, 'proceed'],
  ['If-Modified-Since before', { 'if-modified-since': BEFORE }, 'proceed'],
  ['If-Modified-Since the same', { 'if-modified-since': SAME }, 'not-modified'],
  ['If-Modified-Since after', { 'if-modified-since': AFTER }, 'not-modified'],
  ['If-Modified-Since that is no date', { 'if-modified-since': 'yesterday' }, 'proceed'],
  [
    'If-None-Match rules out If-Modified-Since',
    { 'if-none-match': '"other"', 'if-modified-since': AFTER },
    'proceed',
  ],
  ['If-Match with our tag', { 'if-match': ETAG }, 'proceed'],
  ['If-Match *', { 'if-match': '*' }, 'proceed'],
  ['If-Match with another', { 'if-match': '"other"' }, 'failed'],
  ['If-Match with a list', { 'if-match': `"a", ${ETAG}` }, 'proceed'],
  ['If-Match compares strongly', { 'if-match': `W/${ETAG}` }, 'failed'],
  ['If-Unmodified-Since before', { 'if-unmodified-since': BEFORE }, 'failed'],
  ['If-Unmodified-Since the same', { 'if-unmodified-since': SAME }, 'proceed'],
  ['If-Unmodified-Since after', { 'if-unmodified-since': AFTER }, 'proceed'],
  ['If-Unmodified-Since that is no date', { 'if-unmodified-since': '0' }, 'proceed'],
  ['If-Match rules out If-Unmodified-Since', { 'if-match': ETAG, 'if-unmodified-since': BEFORE }, 'proceed'],
  ['If-Match fails before If-None-Match is asked', { 'if-match': '"a"', 'if-none-match': ETAG }, 'failed'],
  ['If-Match holds and If-None-Match matches', { 'if-match': ETAG, 'if-none-match': ETAG }, 'not-modified'],
]

for (const [name, headers, verdict] of TABLE) {
  test(`${name}: ${verdict}`, () => {
    assert.equal(evaluatePreconditions(headers, { etag: ETAG, modifiedAtMs: MODIFIED_AT_MS }), verdict)
  })
}

test('dates count for nothing where the representation has none', () => {
  assert.equal(evaluatePreconditions({ 'if-modified-since': AFTER }, { etag: ETAG }), 'proceed')
  assert.equal(evaluatePreconditions({ 'if-unmodified-since': BEFORE }, { etag: ETAG }), 'proceed')
})

test('If-Range allows a part only for exactly the selected representation', () => {
  assert.equal(allowsRange(undefined, ETAG), true)
  assert.equal(allowsRange(ETAG, ETAG), true)
  assert.equal(allowsRange('"other"', ETAG), false)
  assert.equal(allowsRange(`W/${ETAG}`, ETAG), false)
  assert.equal(allowsRange(SAME, ETAG), false)
  assert.equal(allowsRange('*', ETAG), false)
})

test('HTTP dates are read in the three forms of RFC 9110, and in no other', () => {
  const time = Date.UTC(1994, 10, 6, 8, 49, 37)
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), time)
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT'), time)
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994'), time)
  for (const wrong of [
    '',
    '784111777',
    '1994-11-06',
    'Sun, 06 Xxx 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0100',
  ]) {
    assert.equal(parseHttpDate(wrong), undefined, wrong)
  }
})

test('a list of tags is read until something is none', () => {
  assert.deepEqual(parseEntityTags('"a",W/"b"  , "c"'), ['"a"', 'W/"b"', '"c"'])
  assert.deepEqual(parseEntityTags(', ,"a", oops, "b"'), ['"a"'])
  assert.equal(parseEntityTags(' * '), '*')
  assert.equal(parseEntityTags('"x",'.repeat(3000)).length, 3000)
})
