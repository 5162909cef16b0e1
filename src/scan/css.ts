import { type CSSToken, TokenType, tokenizer } from '@csstools/css-tokenizer'
import { extensionOf } from '../core/path.ts'
import type { ReferenceKind, Spelling } from '../core/reference/reference.ts'
import { createCustomProperty } from './css-property.ts'
import { isEscaped, spellStringToken, spellUrlToken } from './css-token.ts'
import { createFindings, type Findings, hasPlaceholder } from './findings.ts'
import { EMPTY_SCAN, type Scan, type Scanner } from './scanner.ts'
import { spellSourceMapUrl } from './source-map-url.ts'

/**
 * Every reference needs one of these; a backslash may spell any of them. The search is some twenty times faster than
 * the tokenizer, which most files then don't need.
 */
const CANDIDATE = /url\(|src\(|image\(|image-set\(|cross-fade\(|@import|sourceMappingURL=|\\/i

/** Functions whose first string is a URL (CSS Values 4 §4.5). */
const URL_FUNCTIONS: ReadonlySet<string> = new Set(['url', 'src'])

/** Functions each of whose strings is an image's URL (CSS Images 4 §2). */
const IMAGE_FUNCTIONS: ReadonlySet<string> = new Set(['image', 'image-set', 'cross-fade'])

/** At-rules whose prelude names things without fetching them. */
const SILENT_AT_RULES: ReadonlySet<string> = new Set(['namespace', 'supports', 'container', 'document'])

/** Reads stylesheets by the tokens of CSS Syntax 3, so that comments and strings hold no references. */
export const cssScanner: Scanner = {
  name: 'css',
  version: 5,
  accepts: (path) => extensionOf(path) === '.css',
  scan: scanCss,
}

/** Every reference in a stylesheet. */
export function scanCss(css: string): Scan {
  if (!CANDIDATE.test(css)) return EMPTY_SCAN
  const findings = createFindings()
  scanCssValue(css, findings)
  return findings.toScan()
}

/** Adds the references in a stylesheet or a part of one: the value of a `style` attribute, of a declaration. */
export function scanCssValue(css: string, findings: Findings): void {
  const reader = new CssReader(css, findings)
  const { nextToken, endOfFile } = tokenizer({ css })
  while (!endOfFile()) reader.read(nextToken())
}

/** An open bracket, and how strings directly inside it are read. */
interface Bracket {
  readonly closedBy: TokenType
  /** Kind of the strings directly inside; undefined where they are no URLs. */
  readonly strings: ReferenceKind | undefined
  /** Only the first string counts, the others are URL modifiers. */
  readonly once: boolean
}

/** The at-rule whose prelude is being read. */
interface Prelude {
  /** An `@import` still waits for its URL; `silent` fetches nothing. */
  readonly state: 'awaits-url' | 'silent'
  /** Number of brackets open around it. */
  readonly depth: number
}

/** Follows a token stream with just enough state to know what a string or URL is for. */
class CssReader {
  readonly #css: string
  readonly #findings: Findings
  readonly #brackets: Bracket[] = []
  #prelude: Prelude | undefined
  readonly #property = createCustomProperty()

  constructor(css: string, findings: Findings) {
    this.#css = css
    this.#findings = findings
  }

  read(token: CSSToken): void {
    switch (token[0]) {
      case TokenType.Comment:
        this.#readComment(token[1], token[2])
        return
      case TokenType.Whitespace:
        return
      case TokenType.AtKeyword:
        this.#readAtKeyword(token[4].value.toLowerCase())
        break
      case TokenType.URL:
        this.#readUrl(token[2], token[3] + 1)
        break
      case TokenType.String:
        this.#readString(token[2], token[3] + 1)
        break
      case TokenType.BadURL:
      case TokenType.BadString:
        this.#readBadToken(token[0], token[2], token[3] + 1)
        break
      default:
        this.#readStructure(token)
    }
    this.#property.read(token, this.#brackets.length)
  }

  #readComment(comment: string, start: number): void {
    const body = comment.slice(2, comment.endsWith('*/') && comment.length >= 4 ? -2 : undefined)
    const url = spellSourceMapUrl(body, start + 2)
    if (url !== undefined) this.#findings.addSourceMap(url)
  }

  #readAtKeyword(keyword: string): void {
    const name = withoutVendor(keyword)
    const depth = this.#brackets.length
    if (name === 'import') this.#prelude = { state: 'awaits-url', depth }
    else if (SILENT_AT_RULES.has(name)) this.#prelude = { state: 'silent', depth }
    else this.#prelude = undefined
  }

  #readUrl(start: number, end: number): void {
    const kind = this.#takeKind()
    // Nothing can be inserted after a backslash that ends the file.
    if (end < this.#css.length || !isEscaped(this.#css, end)) {
      this.#addUrl(kind, spellUrlToken(this.#css, start, end))
    }
  }

  #readString(start: number, end: number): void {
    const kind = this.#takeStringKind()
    if (kind !== undefined) this.#addUrl(kind, spellStringToken(this.#css, start, end))
  }

  /** The kind of a string at this place, which counts as read; undefined where it is no URL. */
  #takeStringKind(): ReferenceKind | undefined {
    const bracket = this.#brackets.at(-1)
    if (bracket === undefined || bracket.strings === undefined) {
      const isImport = this.#prelude?.state === 'awaits-url' && this.#prelude.depth === this.#brackets.length
      return isImport ? this.#takeKind() : undefined
    }
    if (bracket.once) this.#brackets[this.#brackets.length - 1] = { ...bracket, strings: undefined }
    return bracket.strings
  }

  /** The kind of a URL at this place; undefined in a prelude that fetches nothing. */
  #takeKind(): ReferenceKind | undefined {
    if (this.#prelude === undefined) return this.#property.isOpen() ? 'css-variable' : 'css-url'
    const { state, depth } = this.#prelude
    if (state === 'silent' || depth !== this.#brackets.length) return undefined
    this.#prelude = { state: 'silent', depth }
    return 'css-import'
  }

  #addUrl(kind: ReferenceKind | undefined, spelling: Spelling): void {
    if (kind !== undefined) this.#findings.addUrl(kind, spelling)
  }

  #readBadToken(type: TokenType, start: number, end: number): void {
    const isUrl = type === TokenType.BadURL || this.#takeStringKind() !== undefined
    if (!isUrl) return
    if (hasPlaceholder(this.#css.slice(start, end))) {
      this.#findings.addUrl('css-url', { text: this.#css.slice(start, end), start, end })
      return
    }
    const message = 'is a bad URL in CSS: browsers drop the declaration. It is left as it is.'
    this.#findings.addNote({ code: 'bad-url', severity: 'warning', start, end, message })
  }

  #readStructure(token: CSSToken): void {
    const closedBy = CLOSED_BY.get(token[0])
    if (token[0] === TokenType.Function) this.#openFunction(withoutVendor(token[4].value.toLowerCase()))
    else if (closedBy !== undefined) this.#open(closedBy)
    else if (token[0] === this.#brackets.at(-1)?.closedBy) this.#close()
    else if (token[0] === TokenType.Semicolon) this.#endPrelude(this.#brackets.length)
    else this.#expectNoUrl()
  }

  #openFunction(name: string): void {
    const isUrl = URL_FUNCTIONS.has(name)
    const strings = isUrl ? this.#takeKind() : this.#imageKind(name)
    if (!isUrl) this.#expectNoUrl()
    this.#brackets.push({ closedBy: TokenType.CloseParen, strings, once: isUrl })
  }

  #imageKind(name: string): ReferenceKind | undefined {
    return this.#prelude === undefined && IMAGE_FUNCTIONS.has(name) ? this.#takeKind() : undefined
  }

  #open(closedBy: TokenType): void {
    if (closedBy === TokenType.CloseCurly) this.#endPrelude(this.#brackets.length)
    else this.#expectNoUrl()
    this.#brackets.push({ closedBy, strings: undefined, once: false })
  }

  #close(): void {
    this.#brackets.pop()
    if (this.#prelude !== undefined && this.#prelude.depth > this.#brackets.length) this.#prelude = undefined
  }

  #endPrelude(depth: number): void {
    if (this.#prelude?.depth === depth) this.#prelude = undefined
  }

  /** Another token stands where `@import` expects its URL: nothing that follows is this rule's URL. */
  #expectNoUrl(): void {
    if (this.#prelude?.state === 'awaits-url') this.#prelude = { state: 'silent', depth: this.#prelude.depth }
  }
}

const CLOSED_BY: ReadonlyMap<TokenType, TokenType> = new Map([
  [TokenType.OpenParen, TokenType.CloseParen],
  [TokenType.OpenSquare, TokenType.CloseSquare],
  [TokenType.OpenCurly, TokenType.CloseCurly],
])

/** `-webkit-image-set` → `image-set` */
function withoutVendor(name: string): string {
  return name.replace(/^-[a-z]+-/, '')
}
