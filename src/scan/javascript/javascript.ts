import { type ImportSpecifier, init } from 'es-module-lexer/minimal'
import { extensionOf } from '../../core/path.ts'
import type { ReferenceKind } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { EMPTY_SCAN, type Scan, type Scanner } from '../scanner.ts'
import { BLANKS, LITERAL, spellJs, spellLiteral } from './literal.ts'
import { parseModule } from './module.ts'
import { findJsSourceMap } from './source-map-comment.ts'

/** Every module names another one with one of these words, and keywords can't be escaped (ECMA-262 §12.7.2). */
const MODULE_WORD = /\b(?:import|export)\b/

/** What the lexer reports as `d` for an `import.meta`, and for a static import. */
const IMPORT_META = -2
const STATIC_IMPORT = -1

const NEW_URL = /(?<![\w$.])new\s+URL\s*\(/g
const URL_ARGUMENT = `${BLANKS}${LITERAL}${BLANKS},${BLANKS}`
const META_URL = `${BLANKS}\\.${BLANKS}url${BLANKS}[,)]`
const META_RESOLVE = `${BLANKS}\\.${BLANKS}resolve${BLANKS}\\(${BLANKS}${LITERAL}${BLANKS}[,)]`

/**
 * Starts the reader of JavaScript modules. It asks es-module-lexer, which knows comments, strings, templates and
 * regular expressions apart.
 */
export async function createJavascriptScanner(): Promise<Scanner> {
  await init()
  return {
    name: 'javascript',
    version: 3,
    accepts: (path) => ['.js', '.mjs'].includes(extensionOf(path)),
    scan: scanJavascript,
  }
}

function scanJavascript(js: string): Scan {
  const isModule = MODULE_WORD.test(js)
  const hasMap = js.includes('sourceMappingURL=')
  if (!isModule && !hasMap) return EMPTY_SCAN
  const findings = createFindings()
  if (isModule) scanModule(js, findings)
  if (hasMap) {
    const sourceMap = findJsSourceMap(js)
    if (sourceMap !== undefined) findings.addSourceMap(sourceMap)
  }
  return findings.toScan()
}

function scanModule(js: string, findings: Findings): void {
  const imports = parseModule(js)
  if (imports === undefined) {
    const message = 'does not parse as a JavaScript module; it is served as it is.'
    findings.addNote({ code: 'not-a-module', severity: 'note', start: 0, end: 0, message })
    return
  }
  let lastMeta = 0
  for (const found of imports) {
    if (found.d === IMPORT_META) {
      addFromMeta(js, found, lastMeta, findings)
      lastMeta = found.e
    } else if (found.d === STATIC_IMPORT) {
      findings.addUrl('js-import', spellJs(js, found.s, found.e))
    } else addDynamicImport(js, found, findings)
  }
}

function addDynamicImport(js: string, found: ImportSpecifier, findings: Findings): void {
  const { s: start, e: end } = found
  const isTemplate = js[start] === '`'
  if (found.n !== undefined || isTemplate) {
    if (addLiteral('js-dynamic-import', js, start, end, findings)) return
  }
  const message = 'is computed when the module runs; it is left as it is.'
  // A computed path into our own folders is likely to break; a computed module name is a loader's business.
  const severity = isTemplate && /^`[./]/.test(js.slice(start, start + 2)) ? 'warning' : 'note'
  findings.addNote({ code: 'dynamic', severity, start, end, message })
}

/** @returns false for a template whose name is computed */
function addLiteral(
  kind: ReferenceKind,
  js: string,
  start: number,
  end: number,
  findings: Findings,
): boolean {
  const spelling = spellLiteral(js, start, end)
  if (spelling !== undefined) findings.addUrl(kind, spelling)
  return spelling !== undefined
}

/** `new URL('…', import.meta.url)` and `import.meta.resolve('…')`. */
function addFromMeta(js: string, meta: ImportSpecifier, lastMeta: number, findings: Findings): void {
  const resolved = matchAt(META_RESOLVE, js, meta.e)?.indices?.groups?.['literal']
  if (resolved !== undefined) addLiteral('js-resolve', js, ...resolved, findings)
  if (matchAt(META_URL, js, meta.e) === null) return
  const argument = findUrlArgument(js.slice(lastMeta, meta.s))
  if (argument === undefined) return
  const [start, end] = argument
  addLiteral('js-url', js, lastMeta + start, lastMeta + end, findings)
}

/**
 * The literal of a `new URL(literal, ` with which the text ends.
 *
 * @param before what stands between two `import.meta`: only its last `new URL(` can be meant, so that a scan reads each
 *   of them once
 */
function findUrlArgument(before: string): readonly [start: number, end: number] | undefined {
  const call = [...before.matchAll(NEW_URL)].at(-1)
  if (call === undefined) return undefined
  const argument = matchAt(URL_ARGUMENT, before, call.index + call[0].length)
  const isWhole = argument !== null && argument.index + argument[0].length === before.length
  return isWhole ? argument.indices?.groups?.['literal'] : undefined
}

function matchAt(pattern: string, text: string, index: number): RegExpExecArray | null {
  const sticky = new RegExp(pattern, 'dy')
  sticky.lastIndex = index
  return sticky.exec(text)
}
