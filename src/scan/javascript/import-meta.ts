import { type Findings, noteServiceWorker } from '../findings.ts'
import { type Argument, addLiteral, isArgumentEnd, noteComputed, readArgument } from './argument.ts'
import { endOfLiteral, skipBlanks } from './literal.ts'
import type { ImportMetaRef } from './module.ts'

/** Where an `import.meta` stands. */
export interface MetaPlace {
  /** Where the one before it ends. */
  readonly lastMeta: number
  /** The module has the word `serviceWorker`, so that it may register one. */
  readonly hasServiceWorker: boolean
}

/** Adds what `new URL('…', import.meta.url)` or `import.meta.resolve('…')` names. */
export function addFromMeta(js: string, meta: ImportMetaRef, place: MetaPlace, findings: Findings): void {
  const { lastMeta, hasServiceWorker } = place
  const member = readMember(js, meta.end)
  if (member?.name === 'resolve') addResolve(js, meta, member.end, findings)
  if (member?.name !== 'url') return
  if (ASSIGNMENT_BEFORE.test(js.slice(Math.max(0, meta.start - 100), meta.start))) {
    const message =
      "is kept; URLs made of it later are left as they are. Write new URL('…', import.meta.url)."
    findings.addNote({ code: 'dynamic', severity: 'note', start: meta.start, end: member.end, message })
  } else if (isArgumentEnd(js, skipBlanks(js, member.end))) {
    const argument = findUrlArgument(js, lastMeta, meta.start)
    if (argument !== undefined && hasServiceWorker && isServiceWorker(js, argument))
      noteServiceWorker(argument, findings)
    else if (argument === undefined || !addLiteral('js-url', js, argument.start, argument.end, findings)) {
      noteComputedUrl(js, lastMeta, meta.start, findings)
    }
  }
}

/** `const base =`, but no comparison. */
const ASSIGNMENT_BEFORE = /[^=!<>]=\s*$/

function addResolve(js: string, meta: ImportMetaRef, from: number, findings: Findings): void {
  const bracket = skipBlanks(js, from)
  if (js[bracket] !== '(') return
  const argument = readArgument(js, bracket + 1)
  const isKnown =
    argument !== undefined && addLiteral('js-resolve', js, argument.start, argument.end, findings)
  if (!isKnown) noteComputed(js, meta.start, bracket, findings)
}

/** The property that is read here, `.url`, `?.url` or `['url']`, and where that ends. */
function readMember(js: string, from: number): { readonly name: string; readonly end: number } | undefined {
  const at = skipBlanks(js, from)
  const start = skipBlanks(js, js.startsWith('?.', at) ? at + 2 : at + 1)
  if (js[at] === '[') {
    const end = endOfLiteral(js, start)
    const closing = end === undefined ? at : skipBlanks(js, end)
    return js[closing] === ']' ? { name: js.slice(start + 1, end).slice(0, -1), end: closing + 1 } : undefined
  }
  if (js[at] !== '.' && js[at] !== '?') return undefined
  const name = /^\w*/.exec(js.slice(start, start + 'resolve'.length + 1))?.[0] ?? ''
  return { name, end: start + name.length }
}

const REGISTRATION = /\bserviceWorker\s*\??\.\s*register\s*\(\s*new\s+URL\s*\(\s*$/
const SERVICE_WORKER_NAME = /^["'`]?(?:sw|service[-_]?worker)\b/i

/** True for the script of a service worker: what is registered, or is called so in a module that registers one. */
function isServiceWorker(js: string, { start, end }: Argument): boolean {
  const url = js.slice(start, end)
  return (
    REGISTRATION.test(js.slice(Math.max(0, start - 100), start)) ||
    SERVICE_WORKER_NAME.test(url.slice(url.lastIndexOf('/') + 1))
  )
}

const URL_CALL = /\bnew\s+(?:(?:globalThis|window|self)\.)?URL\(/g

/** `new URL(name, import.meta.url)` */
function noteComputedUrl(js: string, from: number, end: number, findings: Findings): void {
  const before = js.slice(from, end).trimEnd()
  const call = [...before.matchAll(URL_CALL)].at(-1)
  if (call === undefined || !before.endsWith(',')) return
  const start = call.index + call[0].length
  const argument = before.slice(start, -1)
  if (argument.includes(';')) return
  noteComputed(js, from + start, from + start + argument.length, findings)
}

/** How many `new` before an `import.meta.url` are tried: comments between the two may contain the word. */
const MAX_CANDIDATES = 8

/** The literal of the `new URL(literal, ` that ends at an offset. */
function findUrlArgument(js: string, from: number, end: number): Argument | undefined {
  const before = js.slice(from, end)
  const candidates = [...before.matchAll(/(?<![\w$.])new\b/g)].slice(-MAX_CANDIDATES)
  for (const { index } of candidates.reverse()) {
    const name = skipGlobal(js, skipBlanks(js, from + index + 'new'.length))
    const bracket = js.startsWith('URL', name) ? skipBlanks(js, name + 'URL'.length) : end
    const argument = js[bracket] === '(' ? readArgument(js, bracket + 1) : undefined
    if (argument !== undefined && skipBlanks(js, argument.closing + 1) === end) return argument
  }
  return undefined
}

/** `globalThis.URL` is `URL`. */
function skipGlobal(js: string, start: number): number {
  const word = ['globalThis', 'window', 'self'].find((global) => js.startsWith(global, start)) ?? ''
  const dot = skipBlanks(js, start + word.length)
  return word !== '' && js[dot] === '.' ? skipBlanks(js, dot + 1) : start
}
