import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FingerpostError } from '../../../src/core/error.ts'
import { createLinkSigner, type LinkGrant, type LinkKey } from '../../../src/media/links/link.ts'

const KEY: LinkKey = { id: 'k1', secret: 'a'.repeat(32) }
const NEW_KEY: LinkKey = { id: 'k2', secret: 'b'.repeat(32) }
const GRANT: LinkGrant = { name: 'reports/2026.pdf', method: 'GET', disposition: undefined }

const at = (seconds: number) => () => seconds * 1000
const queryOf = (link: string) => Object.fromEntries(new URLSearchParams(link))

test('a link is valid until the second it expires', () => {
  const query = queryOf(createLinkSigner([KEY], at(1000)).sign(GRANT, 60))
  const judge = (seconds: number) => createLinkSigner([KEY], at(seconds)).verify(GRANT.name, 'GET', query)
  assert.equal(judge(1000), 'valid')
  assert.equal(judge(1059), 'valid')
  assert.equal(judge(1060), 'expired')
})

test('a link for GET serves HEAD as well, and nothing else', () => {
  const signer = createLinkSigner([KEY], at(0))
  const query = queryOf(signer.sign(GRANT, 60))
  assert.equal(signer.verify(GRANT.name, 'HEAD', query), 'valid')
  assert.equal(signer.verify(GRANT.name, 'PUT', query), 'altered')
})

test('a key that is rotated out signs no more, but its links live on', () => {
  const old = createLinkSigner([KEY], at(0)).sign(GRANT, 60)
  const both = createLinkSigner([NEW_KEY, KEY], at(0))
  assert.equal(both.verify(GRANT.name, 'GET', queryOf(old)), 'valid')
  assert.equal(queryOf(both.sign(GRANT, 60))['key'], 'k2')
  assert.equal(createLinkSigner([NEW_KEY], at(0)).verify(GRANT.name, 'GET', queryOf(old)), 'altered')
})

const ALTERED: readonly (readonly [why: string, change: Record<string, unknown>])[] = [
  ['a later expiry', { expires: '99999999999' }],
  ['another disposition', { disposition: 'inline' }],
  ['another key', { key: 'k2' }],
  ['an unknown key', { key: 'constructor' }],
  ['a shorter signature', { signature: 'x' }],
  ['an empty signature', { signature: '' }],
  ['no signature', { signature: undefined }],
  ['a repeated signature', { signature: ['a', 'b'] }],
  ['a repeated expiry', { expires: ['60', '60'] }],
  ['an expiry that is no number', { expires: 'NaN' }],
]

for (const [why, change] of ALTERED) {
  test(`a link with ${why} is refused`, () => {
    const signer = createLinkSigner([KEY, NEW_KEY], at(0))
    const query = { ...queryOf(signer.sign(GRANT, 60)), ...change }
    assert.equal(signer.verify(GRANT.name, 'GET', query), 'altered')
  })
}

test('a link opens no other file', () => {
  const signer = createLinkSigner([KEY], at(0))
  const query = queryOf(signer.sign(GRANT, 60))
  fc.assert(
    fc.property(fc.string(), (name) => {
      fc.pre(name !== GRANT.name)
      assert.equal(signer.verify(name, 'GET', query), 'altered')
    }),
  )
})

test('fields can not be shifted into one another', () => {
  const signer = createLinkSigner([KEY], at(0))
  const query = queryOf(signer.sign({ ...GRANT, name: 'a', disposition: 'inline' }, 60))
  assert.equal(
    signer.verify('a6', 'GET', { ...query, expires: String(query['expires']).slice(1) }),
    'altered',
  )
})

test('a request without a signature is called unsigned', () => {
  assert.equal(createLinkSigner([KEY], at(0)).verify('a', 'GET', {}), 'unsigned')
})

test('keys that protect nothing are refused when the signer is made', () => {
  const refused = (keys: readonly LinkKey[]) =>
    assert.throws(
      () => createLinkSigner(keys, at(0)),
      (error) => error instanceof FingerpostError && error.code === 'FP_CONFIG',
    )
  refused([])
  refused([{ id: 'k1', secret: 'short' }])
  refused([KEY, KEY])
  refused([{ id: 'a&b', secret: KEY.secret }])
})

test('a lifetime must be a number of seconds up to seven days', () => {
  const signer = createLinkSigner([KEY], at(0))
  for (const seconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 604_801])
    assert.throws(() => signer.sign(GRANT, seconds), { code: 'FP_CONFIG' })
})
