import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DELTA_ENCODINGS, type VariantEncoding } from '../../src/core/encoding.ts'
import { LIMITS } from '../../src/core/limit.ts'
import {
  chooseVariant,
  compareVariants,
  createAcceptEncodingParser,
  parseAcceptEncoding,
  rankOf,
} from '../../src/http/negotiation.ts'

const VARIANTS = [
  { encoding: 'br', size: 80 },
  { encoding: 'zstd', size: 85 },
  { encoding: 'gzip', size: 90 },
  { encoding: 'identity', size: 300 },
] as const

function choose(
  header: string | undefined,
  variants: readonly { encoding: VariantEncoding; size: number }[],
) {
  const ranks = variants.map(({ encoding }) => rankOf(encoding))
  return variants[chooseVariant(ranks, parseAcceptEncoding(header))]?.encoding
}

/** RFC 9110 §12.5.3 and its examples, and what clients and attackers write. */
const TABLE: readonly (readonly [header: string | undefined, chosen: VariantEncoding | undefined])[] = [
  [undefined, 'identity'],
  ['', 'identity'],
  [' ', 'identity'],
  ['compress, gzip', 'gzip'],
  ['*', 'br'],
  ['compress;q=0.5, gzip;q=1.0', 'gzip'],
  ['gzip;q=1.0, identity; q=0.5, *;q=0', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['br;q=1, gzip;q=0.8', 'br'],
  ['br;q=0.8, gzip;q=1', 'gzip'],
  ['br;q=0', 'identity'],
  ['gzip;q=0', 'identity'],
  ['br;q=0, *', 'zstd'],
  ['br;q=0.0, gzip;q=0.001', 'gzip'],
  ['identity', 'identity'],
  ['identity;q=1, gzip;q=0.5', 'identity'],
  ['identity;q=0.5, gzip;q=0.5', 'gzip'],
  ['identity;q=0, gzip', 'gzip'],
  ['identity;q=0', undefined],
  ['*;q=0', undefined],
  ['*;q=0, identity', 'identity'],
  ['*;q=0, identity;q=0.1', 'identity'],
  ['*;q=0.1', 'br'],
  ['gzip;q=0.1, *;q=0.5', 'br'],
  ['GZIP', 'gzip'],
  ['Br;Q=1', 'br'],
  ['x-gzip', 'gzip'],
  ['gzip;q = 0.5', 'identity'],
  ['gzip ; q=0.5', 'gzip'],
  ['gzip;q=1.5', 'identity'],
  ['gzip;q=-1', 'identity'],
  ['gzip;q=', 'identity'],
  ['gzip;q', 'identity'],
  ['gzip;q=abc, br', 'br'],
  ['gzip;q=0.33333', 'gzip'],
  ['gzip;level=9', 'gzip'],
  ['gzip;level=9;q=0', 'identity'],
  ['gzip;q=0, gzip', 'identity'],
  [';q=1', 'identity'],
  [',,,gzip,,,', 'gzip'],
  ['gzip br', 'identity'],
  ['"gzip"', 'identity'],
  ['br, br, br, br', 'br'],
]

for (const [header, chosen] of TABLE) {
  test(`Accept-Encoding ${JSON.stringify(header) ?? 'absent'} gets ${chosen ?? 'nothing acceptable'}`, () => {
    assert.equal(choose(header, VARIANTS), chosen)
  })
}

test('a delta is chosen by its size among what is wanted most, and never because of *', () => {
  const variants = (
    [
      { encoding: 'dcb', size: 9 },
      { encoding: 'dcz', size: 12 },
    ] as const
  ).map((each) => each)
  const chosen = (header: string) => {
    const all = [...variants, ...VARIANTS]
    const ranks = all.map(({ encoding }) => rankOf(encoding))
    return all[chooseVariant(ranks, parseAcceptEncoding(header))]?.encoding
  }
  assert.equal(chosen('gzip, br, dcb, dcz'), 'dcb')
  assert.equal(chosen('gzip, br, dcb;q=0, dcz'), 'dcz')
  assert.equal(chosen('gzip, br;q=1, dcb;q=0.5'), 'br')
  assert.equal(chosen('DCZ;q=0.1'), 'dcz')
  assert.equal(chosen('*'), 'br')
  assert.equal(chosen('identity;q=0, *;q=0'), undefined)
})

test('among equally wanted variants the smallest is sent, whichever encoding it is', () => {
  const variants = [
    { encoding: 'br', size: 95 },
    { encoding: 'gzip', size: 90 },
    { encoding: 'identity', size: 300 },
  ] as const
  assert.equal(choose('br, gzip', [...variants].sort(compareVariants)), 'gzip')
})

test('variants of one size keep a fixed order, the bytes as they are last', () => {
  const sizes = (['identity', 'gzip', 'zstd', 'br'] as const).map((encoding) => ({ encoding, size: 5 }))
  assert.deepEqual(
    sizes.sort(compareVariants).map(({ encoding }) => encoding),
    ['br', 'zstd', 'gzip', 'identity'],
  )
})

test('remembered values say the same as freshly parsed ones, and a thousand of them fit', () => {
  const parse = createAcceptEncodingParser()
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 1000; n++) {
      const header = `gzip;q=0.${n}, br;q=0.5, ${'x'.repeat(n)}`
      assert.deepEqual(parse(header), parseAcceptEncoding(header))
    }
  }
})

test('so many values are remembered and no more, and none that is long', () => {
  const parse = createAcceptEncodingParser()
  const first = parse('br;q=0.1')
  assert.equal(parse('br;q=0.1'), first, 'remembered')
  for (let n = 0; n < LIMITS.acceptEncodingMemo; n++) parse(`br, x${n}`)
  assert.notEqual(parse('br;q=0.1'), first, 'forgotten')
  const long = `br, ${'x'.repeat(LIMITS.acceptEncodingMemoChars)}`
  assert.notEqual(parse(long), parse(long))
})

test('any header at all gets a variant the client did not refuse', () => {
  const word = fc.constantFrom(
    'br',
    'gzip',
    'zstd',
    'identity',
    '*',
    ';q=0',
    ';q=0.5',
    ';q=1',
    ',',
    ' ',
    'x',
    ';',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join('')),
      ),
      (header) => {
        const preferences = parseAcceptEncoding(header)
        assert.equal(preferences.length, VARIANTS.length + DELTA_ENCODINGS.length)
        for (const quality of preferences) assert.ok(quality >= 0 && quality <= 1)
        const chosen = choose(header, VARIANTS)
        if (chosen !== undefined) assert.ok((preferences[rankOf(chosen)] ?? 0) > 0)
      },
    ),
  )
})
