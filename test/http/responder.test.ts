import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../src/core/manifest/dictionaries.ts'
import { parseAcceptEncoding } from '../../src/http/negotiation.ts'
import { createResponder, respond } from '../../src/http/responder.ts'

const HASH = `${'A'.repeat(43)}=`
const ASSET = {
  ...{ file: 'a.0123456789abcdef.css', type: 'text/css', size: 900, etag: '0123456789abcdef' },
  encodings: { br: { size: 500, etag: 'b' } },
}
const HEADERS = { cacheControl: 'no-cache', always: [], content: [], vary: [] }

test('a delta is prepared when it is first asked for, and then kept', () => {
  let prepared = 0
  const delta: Delta = {
    ...{ file: ASSET.file, to: ASSET.etag, from: 'fedcba9876543210', dictionary: HASH },
    get encodings() {
      prepared++
      return { dcb: { size: 50, etag: 'd' } }
    },
  }
  const responder = createResponder(ASSET, HEADERS, undefined, [delta])
  const ask = (headers: Readonly<Record<string, string>>) => {
    const response = respond(responder, 'GET', headers, parseAcceptEncoding('br, dcb'))
    return response.headers[response.headers.indexOf('Content-Encoding') + 1]
  }
  const other = `:${'B'.repeat(43)}=:`
  for (const headers of [{}, { 'available-dictionary': other }, { 'available-dictionary': 'x' }])
    assert.equal(ask(headers), 'br')
  assert.equal(prepared, 0)
  const own = { 'available-dictionary': `:${HASH}:` }
  assert.equal(ask(own), 'dcb')
  const once = prepared
  assert.ok(once > 0)
  assert.equal(ask(own), 'dcb')
  assert.equal(prepared, once)
})

test('a request without Available-Dictionary is answered from what is prepared for all', () => {
  const delta: Delta = {
    ...{ file: ASSET.file, to: ASSET.etag, from: 'fedcba9876543210', dictionary: HASH },
    encodings: { dcb: { size: 50, etag: 'd' } },
  }
  const responder = createResponder(ASSET, HEADERS, undefined, [delta])
  const preferences = parseAcceptEncoding('br, dcb')
  const byDictionary = new Map(responder.byDictionary)
  byDictionary.get = () => assert.fail('looked up')
  const answer = respond({ ...responder, byDictionary }, 'GET', {}, preferences)
  assert.equal(answer, responder.variants[0]?.whole)
})
