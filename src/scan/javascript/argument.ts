import type { ReferenceExtras, ReferenceKind } from '../../core/reference/reference.ts'
import type { Findings } from '../findings.ts'
import { endOfLiteral, skipBlanks, spellLiteral } from './literal.ts'

/** A literal that is the whole of an argument. */
export interface Argument {
  readonly start: number
  readonly end: number
  /** Offset of the comma or bracket after it. */
  readonly closing: number
}

/** The argument that begins here; undefined if it is no literal. */
export function readArgument(js: string, from: number): Argument | undefined {
  const start = skipBlanks(js, from)
  const end = endOfLiteral(js, start)
  if (end === undefined) return undefined
  const closing = skipBlanks(js, end)
  return isArgumentEnd(js, closing) ? { start, end, closing } : undefined
}

export function isArgumentEnd(js: string, at: number): boolean {
  return js[at] === ',' || js[at] === ')'
}

export function noteComputed(js: string, start: number, end: number, findings: Findings): void {
  const message = 'is computed at run time; it is left as it is.'
  // A computed path into our own folders is likely to break; a computed module name is a loader's business.
  const severity = /^`[./]/.test(js.slice(start, start + 2)) ? 'warning' : 'note'
  findings.addNote({ code: 'dynamic', severity, start, end, message })
}

/** Adds what a literal names. @returns false for a template whose name is computed */
export function addLiteral(
  kind: ReferenceKind,
  js: string,
  start: number,
  end: number,
  findings: Findings,
  extras?: ReferenceExtras,
): boolean {
  const spelling = spellLiteral(js, start, end)
  if (spelling !== undefined) findings.addUrl(kind, spelling, extras)
  return spelling !== undefined
}
