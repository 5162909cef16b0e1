import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { start } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'

const CSS = 'a{color:red}'.repeat(300)
const CHANGED = new Date('1994-10-29T19:43:31Z')
const BEFORE = 'Sat, 29 Oct 1994 19:43:30 GMT'
const SAME = 'Sat, 29 Oct 1994 19:43:31 GMT'

/** Requests as they come over the wire, with E for the entity tag of what is asked for; and the status that follows. */
const TABLE: readonly (readonly [
  name: string,
  headers: OutgoingHttpHeaders,
  status: number,
  method?: 'HEAD',
])[] = [
  // RFC 9110 §13.2.2: steps 1 and 2 come before 3 and 4, and all of them before the range.
  [
    'If-Match that fails, If-None-Match that matches, a range',
    { 'if-match': '"x"', 'if-none-match': 'E', range: 'bytes=0-1' },
    412,
  ],
  ['If-Match that fails, on HEAD', { 'if-match': '"x"' }, 412, 'HEAD'],
  ['If-Match that holds, a range', { 'if-match': 'E', range: 'bytes=0-1' }, 206],
  [
    'If-Match that holds, If-Unmodified-Since that fails',
    { 'if-match': 'E', 'if-unmodified-since': BEFORE },
    200,
  ],
  ['If-Unmodified-Since that fails, a range', { 'if-unmodified-since': BEFORE, range: 'bytes=0-1' }, 412],
  [
    'If-Unmodified-Since that holds, If-None-Match that matches',
    { 'if-unmodified-since': SAME, 'if-none-match': 'E' },
    304,
  ],
  ['If-None-Match that matches, a range', { 'if-none-match': 'E', range: 'bytes=0-1' }, 304],
  [
    'If-None-Match that matches, a range that lies outside',
    { 'if-none-match': 'E', range: 'bytes=99999-' },
    304,
  ],
  [
    'If-None-Match that matches, If-Range that doesn’t',
    { 'if-none-match': 'E', 'if-range': '"x"', range: 'bytes=0-1' },
    304,
  ],
  ['If-None-Match that doesn’t match, a range', { 'if-none-match': '"x"', range: 'bytes=0-1' }, 206],
  [
    'If-None-Match that doesn’t match, If-Modified-Since that would',
    { 'if-none-match': '"x"', 'if-modified-since': SAME },
    200,
  ],
  ['If-Modified-Since, a range', { 'if-modified-since': SAME, range: 'bytes=0-1' }, 304],
  ['If-Modified-Since of an older copy, a range', { 'if-modified-since': BEFORE, range: 'bytes=0-1' }, 206],
  // Step 5, §13.1.5: strong comparison, and no date is strong enough.
  ['If-Range with the tag', { 'if-range': 'E', range: 'bytes=0-1' }, 206],
  ['If-Range with the tag made weak', { 'if-range': 'W/E', range: 'bytes=0-1' }, 200],
  ['If-Range with another tag', { 'if-range': '"x"', range: 'bytes=0-1' }, 200],
  ['If-Range with the date', { 'if-range': SAME, range: 'bytes=0-1' }, 200],
  ['If-Range with another tag, a range that lies outside', { 'if-range': '"x"', range: 'bytes=99999-' }, 200],
  ['If-Range with the tag, a range that lies outside', { 'if-range': 'E', range: 'bytes=99999-' }, 416],
  ['If-Range without a range', { 'if-range': '"x"' }, 200],
  ['If-Range and a range on HEAD', { 'if-range': 'E', range: 'bytes=0-1' }, 200, 'HEAD'],
]

for (const shortCircuit of [false, true]) {
  for (const coding of ['identity', 'br', 'gzip']) {
    test(`conditions come in their order and before the range (${coding}, shortCircuit ${shortCircuit})`, async (context) => {
      const root = await makeBuild(context, { 'a.css': CSS })
      const { get } = await start(context, { root, shortCircuit, lastModified: CHANGED })
      const accept = { 'accept-encoding': coding }
      const tag = String((await get('/static/a.css', accept)).headers.etag)
      for (const [name, headers, status, method] of TABLE) {
        const sent = Object.entries(headers).map(([field, value]) => [field, String(value).replace('E', tag)])
        const answer = await get('/static/a.css', { ...accept, ...Object.fromEntries(sent) }, method)
        assert.equal(answer.status, status, name)
      }
    })
  }
}

test('the tag of one encoding allows no part of another', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, { 'a.css': CSS }) })
  const gzip = await get('/static/a.css', { 'accept-encoding': 'gzip' })
  const asked = { 'accept-encoding': 'br', 'if-range': gzip.headers.etag, range: 'bytes=0-1' }
  assert.equal((await get('/static/a.css', asked)).status, 200)
})
