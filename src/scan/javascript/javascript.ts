import { extensionOf } from '../../core/path.ts'
import type { ReferenceExtras, Spelling } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { EMPTY_SCAN, type Scan, type Scanner } from '../scanner.ts'
import { spellSourceMapUrl } from '../source-map-url.ts'
import { addLiteral, noteComputed, readArgument } from './argument.ts'
import { addFromMeta } from './import-meta.ts'
import { endOfComment, skipBlanks, spellJs, spellLiteral } from './literal.ts'
import { type DynamicImport, findCodeOffsets, parseModule, startLexer } from './module.ts'
import { findNodeTraits } from './node-traits.ts'

/** Every module names another one with one of these words, and keywords can't be escaped (ECMA-262 §12.7.2). */
const MODULE_WORD = /\b(?:import|export)\b/

/** Starts the scanner of JavaScript. */
export async function createJavascriptScanner(): Promise<Scanner> {
  await startLexer()
  return {
    name: 'javascript',
    version: 11,
    accepts: (path) => ['.js', '.mjs', '.cjs'].includes(extensionOf(path)),
    scan: scanJavascript,
  }
}

function scanJavascript(js: string): Scan {
  const isModule = MODULE_WORD.test(js)
  const hasMap = js.includes('sourceMappingURL=')
  const calls = [...js.matchAll(LOADING_CALL)]
  const traits = findNodeTraits(js)
  if (!isModule && !hasMap && calls.length === 0) return { ...EMPTY_SCAN, ...traits }
  const findings = createFindings()
  if (isModule) scanModule(js, findings)
  if (calls.length > 0) scanCalls(js, calls, findings)
  if (hasMap) for (const url of findSourceMaps(js)) findings.addSourceMap(url)
  return { ...findings.toScan(), ...traits }
}

/** Loads that classic scripts and workers make by a URL; what stands before `(` decides what it is relative to. */
const LOADING_CALL = /\b(?:importScripts|addModule|new Worker|new SharedWorker)\s*\(/g

/**
 * `importScripts('a.js', 'b.js')` resolves against the worker's own URL (HTML §10.3.1) and is a reference. The URL of a
 * worker or worklet resolves against the page, which a script doesn't know.
 */
function scanCalls(js: string, calls: readonly RegExpExecArray[], findings: Findings): void {
  const texts = new Map(calls.map(({ index, 0: call }) => [index, call]))
  for (const start of findCodeOffsets(js, [...texts.keys()]) ?? []) {
    const call = texts.get(start) ?? ''
    if (call.startsWith('importScripts')) addImportScripts(js, start, start + call.length, findings)
    else notePageUrl(js, start + call.length, findings)
  }
}

function addImportScripts(js: string, start: number, from: number, findings: Findings): void {
  if (js[skipBlanks(js, from)] === ')') return
  let argument = readArgument(js, from)
  while (argument !== undefined && addLiteral('js-worker', js, argument.start, argument.end, findings)) {
    if (js[argument.closing] === ')' || js[skipBlanks(js, argument.closing + 1)] === ')') return
    argument = readArgument(js, argument.closing + 1)
  }
  noteComputed(js, start, from - 1, findings)
}

function notePageUrl(js: string, from: number, findings: Findings): void {
  const argument = readArgument(js, from)
  const url = argument && spellLiteral(js, argument.start, argument.end)
  if (url === undefined || /^\s*(?:[a-z][a-z0-9+.-]*:|$)/i.test(url.text)) return
  const message = "is relative to the page and left as it is. Write new URL('…', import.meta.url)."
  findings.addNote({ code: 'dynamic', severity: 'note', start: url.start, end: url.end, message })
}

/** Adds the references of a module, or of the dynamic imports of a script. */
export function scanModule(js: string, findings: Findings): void {
  const imports = parseModule(js)
  if (imports === undefined) {
    const message = 'does not parse as a JavaScript module; it is served as it is.'
    findings.addNote({ code: 'not-a-module', severity: 'note', start: 0, end: 0, message })
    return
  }
  const hasServiceWorker = js.includes('serviceWorker')
  let lastMeta = 0
  for (const found of imports) {
    if (found.type === 'import-meta') {
      addFromMeta(js, found, { lastMeta, hasServiceWorker }, findings)
      lastMeta = found.end
    } else if (found.type === 'dynamic') addDynamicImport(js, found, findings)
    else {
      const from = skipBlanks(js, found.importStart + 'import'.length)
      const bindsNothing = found.type === 'reexport-star' || from === found.start - 1
      const extras = { ...extrasOf(found), ...(bindsNothing && { bindsNothing }) }
      findings.addUrl('js-import', spellJs(js, found.start, found.end), extras)
    }
  }
}

function addDynamicImport(js: string, found: DynamicImport, findings: Findings): void {
  const { start, end, specifier } = found
  // A template with holes has a specifier too, with asterisks in it.
  const isKnown =
    specifier !== undefined && addLiteral('js-dynamic-import', js, start, end, findings, extrasOf(found))
  if (isKnown) return
  noteComputed(js, start, end, findings)
}

function extrasOf({ attributesStart }: Pick<DynamicImport, 'attributesStart'>): ReferenceExtras {
  return attributesStart === -1 ? {} : { hasAttributes: true }
}

const MAP_COMMENT = /\/[/*][#@][^\S\n\r\u2028\u2029]*sourceMappingURL=/g

/** The source map comments of a script, wherever they stand: engines take the last even when code follows. */
function findSourceMaps(js: string): readonly Spelling[] {
  const candidates = [...js.matchAll(MAP_COMMENT)].map(({ index }) => index)
  const comments = findCodeOffsets(js, candidates)
  if (comments !== undefined) return comments.flatMap((at) => spellComment(js, at) ?? [])
  const last = findTrailingSourceMap(js)
  return last === undefined ? [] : [last]
}

function spellComment(js: string, at: number): Spelling | undefined {
  const end = endOfComment(js, at)
  const isBlock = js.startsWith('/*', at) && js.startsWith('*/', end - 2)
  return spellSourceMapUrl(js.slice(at + 2, isBlock ? end - 2 : end), at + 2)
}

/** In text that doesn't parse only a comment that ends the file is certain (ECMA-426 §11.1.2.1, without parsing). */
function findTrailingSourceMap(js: string): Spelling | undefined {
  const end = js.trimEnd().length
  const lineStart = Math.max(js.lastIndexOf('\n', end - 1), js.lastIndexOf('\r', end - 1)) + 1
  const start = lineStart + js.slice(lineStart, end).search(/\S/)
  return js.startsWith('//', start) ? spellComment(js, start) : undefined
}
