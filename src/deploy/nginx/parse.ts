import { FingerpostError } from '../../core/error.ts'

/** One directive with its block, if it has one. */
export interface NginxDirective {
  readonly name: string
  readonly args: readonly string[]
  /** 1-based. */
  readonly line: number
  /** Undefined for a directive that ends with a semicolon. */
  readonly block: readonly NginxDirective[] | undefined
}

interface Token {
  readonly text: string
  readonly line: number
  /** A quoted `;` or brace is text. */
  readonly isQuoted: boolean
}

/**
 * Reads an nginx configuration. Included files are not followed.
 *
 * @throws FingerpostError `FP_CONFIG` with the line where a brace or semicolon is missing
 */
export function parseNginxConfig(text: string): readonly NginxDirective[] {
  const tokens = tokenize(text)
  const directives = readBlock(tokens, false)
  const rest = tokens[0]
  if (rest !== undefined) throw misplaced(rest.text, rest.line)
  return directives
}

/** Takes tokens off the front of the list. */
function readBlock(tokens: Token[], isInner: boolean): readonly NginxDirective[] {
  const directives: NginxDirective[] = []
  let words: Token[] = []
  for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
    const mark = token.isQuoted ? '' : token.text
    if (mark === '}' && words.length === 0) {
      if (!isInner) return directives
      tokens.shift()
      return directives
    }
    if (mark === '}') throw misplaced('}', token.line)
    tokens.shift()
    if (mark !== ';' && mark !== '{') {
      words.push(token)
      continue
    }
    const block = mark === '{' ? readBlock(tokens, true) : undefined
    directives.push(directiveOf(words, token.line, block))
    words = []
  }
  const open = words.at(-1)
  if (open !== undefined || isInner) throw misplaced('the end', open?.line ?? 0)
  return directives
}

function directiveOf(
  words: readonly Token[],
  line: number,
  block: readonly NginxDirective[] | undefined,
): NginxDirective {
  const [first, ...args] = words
  if (first === undefined) throw misplaced(';', line)
  return { name: first.text, args: args.map(({ text }) => text), line: first.line, block }
}

/** Blanks, comment, quoted words, marks, plain words. `${name}` and an escaped character belong to their word. */
const TOKEN =
  /(\s+|#[^\n]*)|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|([;{}])|(?!["'])(?:\\[\s\S]|\$\{\w+\}|[^\s;{}\\])+/gy

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  let line = 1
  let end = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, blank, double, single] = match
    const quoted = double ?? single
    if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(["'\\])/g, '$1'), line, isQuoted: true })
    else if (blank === undefined) tokens.push({ text: whole, line, isQuoted: false })
    line += whole.split('\n').length - 1
    end = pattern.lastIndex
  }
  if (end < text.length) throw misplaced(text.slice(end, end + 10), line)
  return tokens
}

function misplaced(what: string, line: number): FingerpostError {
  return new FingerpostError('FP_CONFIG', `The nginx configuration doesn't parse: ${what} in line ${line}.`, {
    remedy: 'nginx -t says more.',
    details: { line },
  })
}
