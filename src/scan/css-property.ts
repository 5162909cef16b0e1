import { type CSSToken, TokenType } from '@csstools/css-tokenizer'

/** Tells whether a token belongs to the value of a custom property. Reads every token but blanks and comments. */
export interface CustomProperty {
  /** @param depth number of brackets open after the token */
  read(token: CSSToken, depth: number): void
  isOpen(): boolean
}

/** What may begin after a token that ends a declaration, a rule or a prelude. */
type Expected = 'name' | 'colon' | 'other'

/** A custom property is a name with two dashes where a declaration may begin, and a colon (CSS Syntax 3 §5.5.6). */
export function createCustomProperty(): CustomProperty {
  let expected: Expected = 'name'
  /** Number of brackets open around the value. */
  let openAt: number | undefined
  return {
    read(token, depth) {
      const [type] = token
      const ends = type === TokenType.Semicolon || type === TokenType.CloseCurly
      if (openAt !== undefined && (depth < openAt || (depth === openAt && type === TokenType.Semicolon))) {
        openAt = undefined
      }
      if (type === TokenType.Colon && expected === 'colon') openAt ??= depth
      if (ends || type === TokenType.OpenCurly) expected = 'name'
      else expected = expected === 'name' && isCustomName(token) ? 'colon' : 'other'
    },
    isOpen: () => openAt !== undefined,
  }
}

function isCustomName(token: CSSToken): boolean {
  return token[0] === TokenType.Ident && token[4].value.startsWith('--')
}
