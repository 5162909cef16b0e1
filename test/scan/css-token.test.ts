import assert from 'node:assert/strict'
import { test } from 'node:test'
// @ts-expect-error: the package has no types
import { testCorpus } from '@rmenke/css-tokenizer-tests'
import { scanCss } from '../../src/scan/css.ts'
import { spellStringToken, spellUrlToken } from '../../src/scan/css-token.ts'

interface CorpusCase {
  readonly css: string
  readonly tokens: readonly {
    readonly type: string
    readonly raw: string
    readonly startIndex: number
    readonly endIndex: number
    readonly structured?: { readonly value: string } | null
  }[]
}

const corpus = Object.entries(testCorpus as Readonly<Record<string, CorpusCase>>)

const SPELLERS: Readonly<Record<string, typeof spellUrlToken>> = {
  'url-token': spellUrlToken,
  'string-token': spellStringToken,
}

const cases = corpus.flatMap(([name, { css, tokens }]) =>
  tokens.flatMap((token) => {
    const spell = SPELLERS[token.type]
    return spell === undefined ? [] : [{ name, css, token, spell }]
  }),
)

for (const { name, css, token, spell } of cases) {
  test(`${name} at ${token.startIndex}: ${JSON.stringify(token.raw)} means what CSS Syntax 3 says`, () => {
    const spelling = spell(css, token.startIndex, token.endIndex)
    assert.equal(spelling.text, token.structured?.value)
    if (spelling.offsets !== undefined) assert.equal(spelling.offsets.length, spelling.text.length)
  })
}

test('every url token of the corpus is reported', () => {
  const expected = cases.filter(({ token }) => token.type === 'url-token' && token.structured?.value !== '')
  assert.ok(expected.length >= 20)
  for (const { name, css, token } of expected) {
    const found = scanCss(css).references.some(
      ({ start, end }) => start >= token.startIndex && end <= token.endIndex,
    )
    assert.ok(found, name)
  }
})

test('no text of the corpus makes the scanner throw', () => {
  for (const [, { css }] of corpus) scanCss(css)
})
