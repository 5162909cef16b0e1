import { LIMITS } from '../../core/limit.ts'
import type { Pack } from './pack.ts'

/** Where a value is: in its entry, if it is a short text, or in a pack. */
export type Entry = Inline | Place

interface Inline {
  readonly kind: 'inline'
  /** Days since 1970. */
  readonly usedOn: number
  readonly text: string
}

/** Where in a pack a value is. */
export interface Place {
  readonly kind: 'place'
  /** Days since 1970. */
  readonly usedOn: number
  readonly pack: string
  readonly offset: number
  readonly size: number
  readonly digest: string
}

/** Entries as lines of text, by key in JSON. As objects, 250,000 entries take 40 MB more. */
export type Entries = Map<string, string>

/** Whether a value can stand in a line: it then costs no reading, and the digest of the index covers it. */
export function canInline(value: Uint8Array | string): value is string {
  return typeof value === 'string' && value.length <= LIMITS.buildCacheInlineChars && !/[\t\n]/.test(value)
}

/** The key of an entry. */
export function idOf(key: string): string {
  return JSON.stringify(key)
}

export function formatEntry(entry: Entry): string {
  if (entry.kind === 'inline') return `${entry.usedOn}\t${entry.text}`
  const { usedOn, pack, offset, size, digest } = entry
  return [usedOn, pack, offset, size, digest].join('\t')
}

export function parseEntry(line: string): Entry {
  const tab = line.indexOf('\t')
  const usedOn = usedOnOf(line)
  if (line.indexOf('\t', tab + 1) === -1) return { kind: 'inline', usedOn, text: line.slice(tab + 1) }
  const [, pack = '', offset, size, digest = ''] = line.split('\t')
  return { kind: 'place', usedOn, pack, offset: Number(offset), size: Number(size), digest }
}

/** Days since 1970. */
export function usedOnOf(line: string): number {
  return Number(line.slice(0, line.indexOf('\t')))
}

/** The entries of all packs that were used since a day; the last pack that has a key decides. */
export function loadEntries(packs: readonly Pack[], usedSince: number): Entries {
  const names = new Set(packs.map(({ name }) => name))
  const entries: Entries = new Map()
  for (const { index } of packs) {
    let start = 0
    for (let end = index.indexOf('\n'); end !== -1; end = index.indexOf('\n', start)) {
      const tab = index.indexOf('\t', start)
      const line = index.slice(tab + 1, end)
      // Another build may have moved the values of a pack elsewhere while this line was written.
      if (usedOnOf(line) >= usedSince && isHere(line, names)) entries.set(index.slice(start, tab), line)
      start = end + 1
    }
  }
  return entries
}

function isHere(line: string, packs: ReadonlySet<string>): boolean {
  const start = line.indexOf('\t') + 1
  const end = line.indexOf('\t', start)
  return end === -1 || packs.has(line.slice(start, end))
}

/** The lines of an index. */
export function* formatLines(ids: Iterable<string>, entries: Entries): Generator<string> {
  for (const id of ids) yield `${id}\t${entries.get(id)}\n`
}
