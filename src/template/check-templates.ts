import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import picomatch from 'picomatch'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { nearestNames } from '../core/nearest.ts'
import { comparePaths, type LogicalPath } from '../core/path.ts'
import { type Problem, sortProblems } from '../core/reference/problem.ts'
import { splitSuffix } from '../core/reference/reference.ts'
import { decodeText, positionAt } from '../core/reference/text.ts'
import { createFolderFinder } from '../sources/folder-finder.ts'
import { findUnverifiedTags, type UnverifiedTag } from './check-integrity.ts'

/** The result of checking templates. */
export interface TemplateReport {
  /** Number of templates read. */
  readonly templates: number
  /** Number of names found in them. */
  readonly names: number
  /** In order of file and place; `file` is relative to the working directory. */
  readonly problems: readonly Problem[]
}

/** What to check. */
export interface TemplateCheck {
  /** Globs of templates, relative to `cwd`: `views/**`. */
  readonly globs: readonly string[]
  /** Absolute. */
  readonly cwd: string
  /** The names that exist. */
  readonly known: ReadonlyMap<LogicalPath, unknown>
  /** Which tags are wrong as well: those without integrity, or none. */
  readonly tags: 'unverified' | 'none'
}

/**
 * Looks up every name that a template passes to a helper as a literal. A misspelt name, which would be a 500 in
 * production, is a problem with file and line here.
 *
 * @throws FingerpostError `FP_USAGE` for a glob that matches no file
 */
export async function checkTemplates({ globs, cwd, known, tags }: TemplateCheck): Promise<TemplateReport> {
  const files = new Set<string>()
  for (const glob of globs) for (const file of await findTemplates(glob, cwd)) files.add(file)
  const sorted = [...files].sort(comparePaths)
  const found = await mapConcurrently(sorted, LIMITS.listConcurrency, async (file) => {
    const { text } = decodeText(await readFile(file))
    const place = relative(cwd, file)
    const bare = tags === 'unverified' ? findUnverifiedTags(blankComments(text)) : []
    return {
      names: findNameLiterals(text).map((literal) => ({ file: place, ...literal })),
      unverified: bare.map((tag) => describeUnverified(place, tag)),
    }
  })
  const names = found.flatMap((each) => each.names)
  const problems = names
    .filter(({ name }) => !known.has(name) && !known.has(splitSuffix(name).specifier))
    .map(({ file, name, line, column }): Problem => {
      const nearest = nearestNames(splitSuffix(name).specifier, known.keys())
      const message = `${JSON.stringify(name)} is not in the build.`
      return { code: 'missing', severity: 'error', file, line, column, written: name, message, nearest }
    })
  const all = sortProblems([...problems, ...found.flatMap(({ unverified }) => unverified)])
  return { templates: sorted.length, names: names.length, problems: all }
}

function describeUnverified(file: string, { written, line, column }: UnverifiedTag): Problem {
  const message = `${written} has no integrity.`
  return { code: 'integrity', severity: 'error', file, line, column, written, message, nearest: [] }
}

async function findTemplates(glob: string, cwd: string): Promise<readonly string[]> {
  const { base, glob: pattern } = picomatch.scan(glob)
  const folder = pattern === '' ? resolve(cwd, base, '..') : resolve(cwd, base)
  const isMatch = picomatch(pattern === '' ? (base.split('/').at(-1) ?? '') : pattern)
  const { files } = await createFolderFinder({ folder, prefix: '' }).list()
  const matching = files.filter(({ path }) => isMatch(path)).map(({ absolutePath }) => absolutePath)
  if (matching.length > 0) return matching
  throw new FingerpostError('FP_USAGE', `No template matches ${glob}.`, {
    remedy: "Quote the glob, so that the shell does not expand it: --templates 'views/**'",
    details: { glob },
  })
}

/** A name written literally in a template. */
export interface NameLiteral {
  /** As written between the quotes. */
  readonly name: string
  /** 1-based. */
  readonly line: number
  /** 1-based, UTF-16 code units; of the first character between the quotes. */
  readonly column: number
}

/** The functions, helpers and tags whose first argument is a name. */
const HELPERS = 'static|staticIntegrity|stylesheetTag|scriptTag|moduleTag|preloadTag'
const LIQUID_FILTERS = 'static|static_integrity|stylesheet_tag|script_tag|module_tag|preload_tag'

const LITERAL = `'(?<single>[^'\\n\\\\]*)'|"(?<double>[^"\\n\\\\]*)"|\`(?<back>[^\`$\\\\]*)\``

/**
 * `static('x')`, `{% static 'x' %}`, `{{static 'x'}}`, `(static 'x')`: the name of a helper as a whole word, then a
 * literal that is not part of a longer expression.
 */
const CALL = new RegExp(
  `(?<![\\w$-])(?:${HELPERS})\\s*(?:\\(\\s*)?(?:${LITERAL})(?!\\s*[+~.\\[]|\\s*%\\s*\\w)`,
  'g',
)

/** `{{ 'x' | static }}`, in Liquid and Nunjucks. */
const PIPE = new RegExp(`(?:${LITERAL})\\s*\\|\\s*(?:${LIQUID_FILTERS})(?![\\w$])`, 'g')

/** Starts of comments in Nunjucks, Liquid, Handlebars, Edge, EJS, Eta and Pug. Comments of HTML are read: they may be conditional. */
const COMMENT_START = /(?<!\{)\{#|\{%-?\s*comment\s*-?%\}|\{\{~?!--|\{\{~?!|\{\{--|<%#|^[ \t]*\/\/-/gm

/** The end of each kind of comment. */
const COMMENT_ENDS: readonly (readonly [start: RegExp, end: RegExp])[] = [
  [/^\{#/, /#\}/g],
  [/^\{%/, /\{%-?\s*endcomment\s*-?%\}/g],
  [/--$/, /--~?\}\}/g],
  [/!$/, /\}\}/g],
  [/^<%#/, /%>/g],
  [/\/\/-$/, /$/gm],
]

/**
 * The names that a template of any engine passes to helpers as literals, in order. Concatenated names and comments of
 * the template language are skipped.
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

/** Replaces comments with blanks, so that positions stay. Unclosed comments are kept: they may belong to another engine. */
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

/** @param exhausted ends that do not occur any more: searching for them again would take quadratic time */
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
