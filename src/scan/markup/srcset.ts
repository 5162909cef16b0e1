import type { ReferenceKind, Spelling } from '../../core/reference/reference.ts'
import type { Findings } from '../findings.ts'
import type { Span } from '../scanner.ts'
import { sliceSpelling } from '../spelling.ts'

/** Attributes with images for different screens (HTML §4.8.4.2.1, §4.2.4). */
export const SRCSET_ATTRIBUTES: ReadonlySet<string> = new Set(['srcset', 'imagesrcset'])

/** Adds every URL of a `srcset` attribute. */
export function addSrcset(kind: ReferenceKind, value: Spelling, findings: Findings): void {
  for (const { start, end } of parseSrcset(value.text)) {
    findings.addUrl(kind, sliceSpelling(value, start, end))
  }
}

/**
 * The URLs of a `srcset` attribute as spans of its value (HTML §4.8.4.2.2): separated by commas, each followed by
 * descriptors, which may have commas in parentheses. A URL may contain commas, but not begin or end with one.
 */
function parseSrcset(value: string): readonly Span[] {
  const urls: Span[] = []
  let at = 0
  while (at < value.length) {
    at = skip(value, at, (character) => isBlank(character) || character === ',')
    const start = at
    at = skip(value, at, (character) => !isBlank(character))
    let end = at
    while (end > start && value[end - 1] === ',') end--
    if (end > start) urls.push({ start, end })
    if (end === at) at = skipDescriptors(value, at)
  }
  return urls
}

function skipDescriptors(value: string, from: number): number {
  let depth = 0
  return skip(value, from, (character) => {
    if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    return character !== ',' || depth > 0
  })
}

function skip(value: string, from: number, accepts: (character: string) => boolean): number {
  let at = from
  while (at < value.length && accepts(value.charAt(at))) at++
  return at
}

function isBlank(character: string): boolean {
  return ' \t\n\f\r'.includes(character)
}
