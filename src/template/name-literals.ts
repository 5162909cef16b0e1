import { positionAt } from '../core/reference/text.ts'

/** A name that stands in a template as a literal. */
export interface NameLiteral {
  /** As written between the quotes. */
  readonly name: string
  /** 1-based. */
  readonly line: number
  /** 1-based, UTF-16 code units; of the literal's first character. */
  readonly column: number
}

/** The functions, helpers and tags whose first argument is a name. */
const HELPERS = 'static|staticIntegrity|stylesheetTag|scriptTag|moduleTag|preloadTag'
const LIQUID_FILTERS = 'static|static_integrity|stylesheet_tag|script_tag|module_tag|preload_tag'

const LITERAL = `'(?<single>[^'\\n\\\\]*)'|"(?<double>[^"\\n\\\\]*)"|\`(?<back>[^\`$\\\\]*)\``

/**
 * `static('x')`, `{% static 'x' %}`, `{{static 'x'}}`, `(static 'x')`: the helper's name as a word of its own, then a
 * literal, then nothing that would make it part of a longer expression.
 */
const CALL = new RegExp(
  `(?<![\\w$-])(?:${HELPERS})\\s*(?:\\(\\s*)?(?:${LITERAL})(?!\\s*[+~.\\[]|\\s*%\\s*\\w)`,
  'g',
)

/** `{{ 'x' | static }}`, in Liquid and Nunjucks. */
const PIPE = new RegExp(`(?:${LITERAL})\\s*\\|\\s*(?:${LIQUID_FILTERS})(?![\\w$])`, 'g')

/** Where comments of Nunjucks, Liquid, Handlebars, Edge, EJS and Eta, and Pug begin. HTML's may be conditional, and are read. */
const COMMENT_START = /(?<!\{)\{#|\{%-?\s*comment\s*-?%\}|\{\{~?!--|\{\{~?!|\{\{--|<%#|^[ \t]*\/\/-/gm

/** Where a comment that begins so ends. */
const COMMENT_ENDS: readonly (readonly [start: RegExp, end: RegExp])[] = [
  [/^\{#/, /#\}/g],
  [/^\{%/, /\{%-?\s*endcomment\s*-?%\}/g],
  [/--$/, /--~?\}\}/g],
  [/!$/, /\}\}/g],
  [/^<%#/, /%>/g],
  [/\/\/-$/, /$/gm],
]

/**
 * The names a template gives its helpers as literals, in the order in which they stand, whatever the engine. A name that
 * is put together from pieces isn't one, and neither is one in a comment of the template language.
 */
export function findNameLiterals(text: string): readonly NameLiteral[] {
  const readable = blankComments(text)
  const found = new Map<number, string>()
  for (const pattern of [CALL, PIPE]) {
    for (const match of readable.matchAll(pattern)) {
      const { single, double, back } = match.groups ?? {}
      const name = single ?? double ?? back
      if (name === undefined) continue
      const quote = match[0].search(/['"`]/)
      found.set(match.index + quote + 1, name)
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([offset, name]) => ({ name, ...positionAt(text, offset) }))
}

/** Blanked, not removed: places stay what they are. What isn't closed is no comment: the engines differ in theirs. */
function blankComments(text: string): string {
  let readable = ''
  let done = 0
  const start = new RegExp(COMMENT_START)
  const exhausted = new Set<RegExp>()
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const end = endOfComment(text, match[0], start.lastIndex, exhausted)
    if (end === undefined) continue
    readable += text.slice(done, match.index) + text.slice(match.index, end).replace(/[^\r\n]/g, ' ')
    done = end
    start.lastIndex = end
  }
  return readable + text.slice(done)
}

/** @param exhausted ends that are known not to come any more: looking again would take the square of the time */
function endOfComment(
  text: string,
  opening: string,
  from: number,
  exhausted: Set<RegExp>,
): number | undefined {
  const [, pattern] = COMMENT_ENDS.find(([start]) => start.test(opening)) ?? []
  if (pattern === undefined || exhausted.has(pattern)) return undefined
  const end = new RegExp(pattern)
  end.lastIndex = from
  const match = end.exec(text)
  if (match === null) exhausted.add(pattern)
  return match === null ? undefined : match.index + match[0].length
}
