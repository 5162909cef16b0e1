import { endOfLiteral, skipBlanks } from '../../scan/javascript/literal.ts'
import { findCodeOffsets, parseModule } from '../../scan/javascript/module.ts'
import { listCode, readCode } from './folder.ts'

/** The program that starts Fastify, and how it is written. */
export interface AppFile {
  /** Undefined before the app is written. */
  readonly name: string | undefined
  readonly text: string
  readonly loads: 'import' | 'require'
  readonly hasTopLevelAwait: boolean
  /** The file of the project that loads fingerpost already. */
  readonly registered: string | undefined
  /** Where it creates Fastify, or why nothing can be written after that. */
  readonly instance: Instance | string
}

/** The statement `const app = Fastify()`. */
export interface Instance {
  readonly name: string
  /** The white space before it. */
  readonly indent: string
  /** Offset of its line. */
  readonly start: number
  /** Offset of the end of its last line. */
  readonly end: number
}

/** What package.json says about an app. */
export interface AppHints {
  readonly main: unknown
  readonly scripts: Readonly<Record<string, unknown>>
  readonly isModule: boolean
  readonly isTypeScript: boolean
}

/** Finds the file that scripts or `main` start, else the only one that calls Fastify, else one that names it. */
export function findApp(folder: string, { main, scripts, isModule, isTypeScript }: AppHints): AppFile {
  const code = new Map(listCode(folder).map((name) => [name, relevantCode(readCode(folder, name))]))
  const callers = [...code].filter(([, text]) => (findCalls(text)?.length ?? 0) > 0).map(([name]) => name)
  const hinted = [scripts['start'], scripts['dev'], main]
    .flatMap((each) => String(each).split(/\s/))
    .map((word) => word.replace(/^\.\//, ''))
    // `node server` leaves the extension out.
    .flatMap((name) => [name, `${name}.js`, `${name}.ts`])
    // With TypeScript it may name what the compiler writes.
    .flatMap((name) => [name, name.replace(/js$/, 'ts'), name.replace(/^\w+\/(.*)js$/, 'src/$1ts')])
    .find((name) => callers.includes(name))
  const name = hinted ?? callers[0] ?? [...code].find(([, text]) => text.includes('fastify'))?.[0]
  const text = code.get(name ?? '') ?? ''
  const isClear = hinted !== undefined || callers.length < 2
  return {
    ...{ name, text, ...readSyntax(name, text, { isModule, isTypeScript }) },
    registered: [...code].find(([, each]) => registersFingerpost(each))?.[0],
    instance: isClear ? findInstance(text) : `each of ${callers.join(', ')} calls Fastify`,
  }
}

function readSyntax(
  name: string | undefined,
  text: string,
  { isModule, isTypeScript }: Pick<AppHints, 'isModule' | 'isTypeScript'>,
): Pick<AppFile, 'loads' | 'hasTopLevelAwait'> {
  const extension = /\.[cm]?[jt]s$/.exec(name ?? '')?.[0] ?? (isTypeScript ? '.ts' : '.js')
  const imports = /^import\s/m.test(text) || (!/\brequire\(/.test(text) && (isModule || isTypeScript))
  const isEsModule = extension.startsWith('.m') || (isModule && !extension.startsWith('.c'))
  // Node recognises a module without "type" by its syntax; TypeScript compiles it to CommonJS.
  const isDetected = extension === '.js' && imports
  return { loads: imports || isEsModule ? 'import' : 'require', hasTopLevelAwait: isEsModule || isDetected }
}

/** Code that names one of the two packages; nothing else is looked at. */
function relevantCode(text: string): string {
  return text.length < MOST_CODE && /fastify|fingerpost/.test(text) ? text : ''
}

/** Characters of the longest file that somebody wrote as the program of an app. */
const MOST_CODE = 500_000

/** True for code that loads the plugin, and registers something. */
export function registersFingerpost(text: string): boolean {
  if (!/\bregister\(/.test(text)) return false
  return (
    namesOf('fingerpost', text).length > 0 ||
    (findCode(text, /\b(?:require|import)\(\s*['"]fingerpost['"]/g) ?? []).length > 0
  )
}

/** The names under which a file has the default export of a package. */
function namesOf(packageName: string, text: string): readonly string[] {
  if (!text.includes(packageName)) return []
  return [...importClauses(packageName, text), ...requireClauses(packageName, text)].flatMap((clause) => {
    const named = /\b(?:fastify|default)\b(?:\s*(?:as\b|:)\s*([\w$]+))?/.exec(
      clause.includes('{') ? clause.slice(clause.indexOf('{')) : '',
    )
    return [/^[\w$]+/.exec(clause)?.[0], named?.[1] ?? (named && 'fastify')].filter(
      (each) => typeof each === 'string',
    )
  })
}

/** What stands between `import` and `from`, without imports of types. */
function importClauses(packageName: string, text: string): readonly string[] {
  return (parseModule(text) ?? []).flatMap((each) => {
    if (each.type !== 'static' || each.specifier !== packageName) return []
    const statement = text.slice(each.importStart, each.start)
    if (!statement.startsWith('import') || /^import\s+type\b/.test(statement)) return []
    return [statement.slice('import'.length).trimStart()]
  })
}

const LAST_WORD = /[\w$]+$/
/** Characters. */
const MOST_CLAUSE = 300
const REQUIRE = /=\s*require\(\s*['"]([\w-]+)['"]\s*\)/g

/** What `require` of a package is assigned to: a name or `{ … }`. */
function requireClauses(packageName: string, text: string): readonly string[] {
  return [...text.matchAll(REQUIRE)].flatMap(({ 0: found, 1: name, index }) => {
    // The result of a call is something else: require('fastify')().
    if (name !== packageName || text[skipBlanks(text, index + found.length)] === '(') return []
    const before = text.slice(Math.max(0, index - MOST_CLAUSE), index).trimEnd()
    return [
      before.endsWith('}') ? before.slice(before.lastIndexOf('{')) : (LAST_WORD.exec(before)?.[0] ?? ''),
    ]
  })
}

/** The calls of what a file loads as Fastify; undefined if it doesn't parse. `0` ends with the bracket. */
function findCalls(text: string): readonly RegExpExecArray[] | undefined {
  const callees = [
    ...namesOf('fastify', text).map((name) => name.replaceAll('$', '\\$')),
    String.raw`require\(\s*['"]fastify['"]\s*\)`,
  ]
  const called = String.raw`(?<![\w$.])(?:${callees.join('|')})(?:<[^()]{0,500}>)?\s*\(`
  return findCode(text, new RegExp(called, 'g'))
}

/** Those matches that are not in a comment or string. */
function findCode(text: string, pattern: RegExp): readonly RegExpExecArray[] | undefined {
  const matches = [...text.matchAll(pattern)]
  if (matches.length === 0) return []
  const offsets = findCodeOffsets(
    text,
    matches.map(({ index }) => index),
  )
  return offsets && matches.filter(({ index }) => offsets.includes(index))
}

const DECLARATION =
  /(?<=^|\n)([ \t]*)(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=;\n]+)?=\s*(?:await\s+)?$/

function findInstance(text: string): Instance | string {
  const calls = findCalls(text)
  if (calls === undefined) return 'it does not parse'
  const [call, other] = calls
  if (call === undefined) return 'it does not call Fastify'
  if (other !== undefined) return 'it calls Fastify more than once'
  const declaration = DECLARATION.exec(text.slice(0, call.index))
  const end = endOfStatement(text, call.index + call[0].length - 1)
  if (declaration === null || end === undefined) return 'it has no simple statement const app = Fastify(…)'
  const [, indent = '', name = ''] = declaration
  return { name, indent, start: declaration.index, end }
}

/** The offset of the end of the line on which a call and what is called on its result end, if nothing else follows. */
export function endOfStatement(js: string, bracket: number): number | undefined {
  let end = endOfBrackets(js, bracket)
  for (const chained = /(?:\.\s*\w+)?(?:<[^()]*>)?\(/y; end !== undefined; ) {
    const next = skipBlanks(js, end)
    chained.lastIndex = js[next] === '.' ? next : end
    if (!chained.test(js)) break
    end = endOfBrackets(js, chained.lastIndex - 1)
  }
  const rest = /[ \t]*(;?)[ \t]*(?:\/\/.*)?(?=\r?\n|$)/y
  rest.lastIndex = end ?? 0
  const found = end === undefined ? null : rest.exec(js)
  if (found === null) return undefined
  const next = js[skipBlanks(js, rest.lastIndex)] ?? ''
  // Without a semicolon the statement goes on.
  return found[1] === '' && next !== '' && '([`+-*/,.<=>?:&|^%'.includes(next) ? undefined : rest.lastIndex
}

/** The offset after the bracket that closes this one; undefined where a `/` or a template's hole makes that uncertain. */
function endOfBrackets(js: string, start: number): number | undefined {
  let depth = 0
  for (const { opens, closes, end } of bracketsFrom(js, start)) {
    if (opens) depth++
    if (closes && --depth === 0) return end
  }
  return undefined
}

/** True if no bracket is open at an offset; false where that is uncertain, too. */
export function isTopLevel(js: string, offset: number): boolean {
  let depth = 0
  for (const { opens, end } of bracketsFrom(js, 0)) {
    if (end > offset) return depth === 0
    depth += opens ? 1 : -1
  }
  return false
}

/** The brackets of code, and its end; fewer where a `/` or a template's hole makes them uncertain. */
function* bracketsFrom(js: string, start: number) {
  let at = skipBlanks(js, start)
  for (; at < js.length; at = skipBlanks(js, at)) {
    const end = endOfLiteral(js, at) ?? at + 1
    const token = js.slice(at, end)
    if (/^["'`/]$/.test(token) || token.includes('${')) return
    const opens = '([{'.includes(token)
    const closes = ')]}'.includes(token)
    if (opens || closes) yield { opens, closes, end }
    at = end
  }
  yield { opens: false, closes: false, end: js.length + 1 }
}
