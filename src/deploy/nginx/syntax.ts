import { FingerpostError } from '../../core/error.ts'

/** A directive, with its block if it has one. */
export interface NginxDirective {
  readonly name: string
  readonly args: readonly string[]
  /** As it was given to {@link parseNginxConfig}. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** Undefined for a directive that ends with a semicolon. */
  readonly block: readonly NginxDirective[] | undefined
}

interface Token {
  readonly kind: 'word' | ';' | '{' | '}'
  readonly text: string
  readonly line: number
}

/**
 * Parses an nginx configuration. An `include` is a directive like any other; the Lua of a `*_by_lua_block` is skipped.
 * Node has neither nginx's own parser nor crossplane, the official one for Python, and the configuration may be checked
 * on a machine without nginx. Tests compare with `nginx -t`.
 *
 * @param file names the configuration in messages
 * @throws FingerpostError `FP_CONFIG` with the line and the word where a brace or semicolon is missing
 */
export function parseNginxConfig(text: string, file: string): readonly NginxDirective[] {
  return readBlock(tokenize(text, file), file, undefined)
}

/**
 * Formats a value, quoted if necessary.
 *
 * @throws FingerpostError `FP_CONFIG` for control characters and for a dollar sign, which starts a variable
 */
export function quoteValue(text: string): string {
  if (/[$\p{Cc}]/u.test(text)) {
    throw new FingerpostError('FP_CONFIG', `nginx does not accept ${JSON.stringify(text)}.`, {
      remedy: 'Choose a name without dollar signs and control characters.',
    })
  }
  return /^[\w./:@%+,=*~-]+$/.test(text) ? text : quote(text)
}

/** A key of a `map` that matches exactly this text. A plain key would count against `map_hash_bucket_size`. */
export function quoteExactly(text: string): string {
  return quote(`~^${escapePattern(text)}$`)
}

/** A regular expression for exactly this text. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Quotes a value of a directive that knows no variables, such as `location`. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Indents lines by four spaces; empty lines stay empty. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}

/** Reads directives up to the brace that closes the block, or up to the end. */
function readBlock(
  tokens: Iterator<Token, undefined>,
  file: string,
  open: Token | undefined,
): readonly NginxDirective[] {
  const directives: NginxDirective[] = []
  let words: Token[] = []
  for (let { value: token } = tokens.next(); token !== undefined; { value: token } = tokens.next()) {
    const [name, ...args] = words
    if (token.kind === 'word') words.push(token)
    else if (token.kind === '}') {
      if (open === undefined || name !== undefined) throw unexpected(token, file)
      return directives
    } else {
      if (name === undefined) throw unexpected(token, file)
      const block = token.kind === '{' ? readBlock(tokens, file, name) : undefined
      directives.push({ name: name.text, args: args.map(({ text }) => text), file, line: name.line, block })
      words = []
    }
  }
  const unfinished = words[0] ?? open
  if (unfinished === undefined) return directives
  throw broken(file, unfinished.line, `"${unfinished.text}" has no ${words.length > 0 ? '";"' : '"}"'}`)
}

/** White space or a comment; quoted words; punctuation; plain words. `${name}` and escapes are part of their word. */
const TOKEN =
  /(\s+|#[^\n]*)|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|([;{}])|(?!["'])(?:\\[\s\S]|\$\{\w+\}|[^\s;{}\\])+/y

function* tokenize(text: string, file: string): Generator<Token, undefined> {
  const pattern = new RegExp(TOKEN)
  let line = 1
  let directive = ''
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null)
      throw broken(file, line, `unexpected ${JSON.stringify(text.slice(start, start + 10))}`)
    const [whole, blank, double, single, mark] = match
    const quoted = double ?? single
    if (blank === undefined) {
      yield {
        kind: (mark ?? 'word') as Token['kind'],
        text: quoted === undefined ? whole : quoted.replace(/\\(["'\\])/g, '$1'),
        line,
      }
      if (mark === '{' && directive.endsWith('_by_lua_block'))
        pattern.lastIndex = endOfLua(text, pattern.lastIndex)
      directive = mark === undefined ? directive || whole : ''
    }
    line += text.slice(start, pattern.lastIndex).split('\n').length - 1
  }
  return undefined
}

/** Braces of Lua, and comments and strings, in which braces don't count (Lua 5.1 reference manual, 2.1). */
const LUA = /(?:--)?\[(=*)\[|--[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}]/g

/** The index of the brace that closes a block of Lua, or the end of the text. */
function endOfLua(text: string, start: number): number {
  let depth = 1
  const pattern = new RegExp(LUA)
  pattern.lastIndex = start
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [token, level] = match
    if (level !== undefined) {
      const end = text.indexOf(`]${level}]`, pattern.lastIndex)
      if (end === -1) break
      pattern.lastIndex = end
    }
    if (token === '{') depth++
    if (token === '}' && --depth === 0) return match.index
  }
  return text.length
}

function unexpected({ text, line }: Token, file: string): FingerpostError {
  return broken(file, line, `unexpected "${text}"`)
}

function broken(file: string, line: number, what: string): FingerpostError {
  return new FingerpostError('FP_CONFIG', `Cannot parse ${file}: line ${line}: ${what}.`, {
    remedy: 'Run nginx -t for details.',
    details: { file, line },
  })
}
