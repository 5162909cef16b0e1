import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDigester, integrityOf } from '../../src/core/digest.ts'

const digester = await createDigester()

test('digests are XXH64 with seed 0, as its specification lists them', () => {
  assert.equal(digester.of(Buffer.from('')), 'ef46db3751d8e999')
  assert.equal(digester.of(Buffer.from('a')), 'd24ec4f1a98c6e5b')
  assert.equal(digester.of(Buffer.from('abc')), '44bc2cf5ad770999')
})

test('a stream in pieces has the digest of the whole', () => {
  const bytes = Buffer.alloc(3_000_000, 'fingerpost')
  const stream = digester.stream()
  for (let at = 0; at < bytes.length; at += 70_001) stream.update(bytes.subarray(at, at + 70_001))
  assert.equal(stream.digest(), digester.of(bytes))
})

test('fields cannot run into each other', () => {
  const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], []]
  assert.equal(new Set(lists.map((fields) => digester.ofFields(fields))).size, lists.length)
  assert.equal(digester.ofFields(['é']), digester.ofFields([Buffer.from('é')]))
})

test('integrity is what browsers compute', () => {
  // sha384 of the empty string, base64: printf '' | openssl dgst -sha384 -binary | base64
  assert.equal(
    integrityOf(Buffer.from('')),
    'sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb',
  )
})
