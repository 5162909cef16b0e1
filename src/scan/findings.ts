import {
  createReference,
  type Reference,
  type ReferenceExtras,
  type ReferenceKind,
  type Spelling,
} from '../core/reference/reference.ts'
import type { Scan, ScanNote, Span } from './scanner.ts'
import { readDataUrl } from './source-map-url.ts'

/** Collects what one scan of one text finds. */
export interface Findings {
  /** Adds a URL: as a reference, as a note if it is a template placeholder, or not at all if its scheme is foreign. */
  addUrl(kind: ReferenceKind, spelling: Spelling, extras?: ReferenceExtras): void
  /** Adds the URL of a source map comment: a file, or the whole map as a `data:` URL. The last one counts. */
  addSourceMap(spelling: Spelling): void
  addNote(note: ScanNote): void
  /** Everything added so far, in order of `start`. */
  toScan(): Scan
}

const SCHEME = /^[\s\0]*([a-z][a-z0-9+.-]*):/i

/** Others never lead to a file (of `node:` users are told); `data:` URLs are too long to carry. */
const REPORTED_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'node'])

/** Where Jinja, Nunjucks, Liquid, EJS, ERB, Sass and JavaScript templates put a value. */
const PLACEHOLDER = /\{\{|\{%|<%|[#$]\{/

/** True if a template engine was meant to fill in a part of this text. */
export function hasPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}

/** Starts an empty collection. */
export function createFindings(): Findings {
  const references: Reference[] = []
  const notes: ScanNote[] = []
  const maps: Spelling[] = []
  const findings: Findings = {
    addUrl(kind, spelling, extras) {
      const [, scheme = 'http'] = SCHEME.exec(spelling.text) ?? []
      if (!REPORTED_SCHEMES.has(scheme.toLowerCase())) return
      if (hasPlaceholder(spelling.text)) {
        notes.push(placeholderNote(spelling))
        return
      }
      const reference = createReference(kind, spelling)
      if (reference !== undefined) references.push({ ...reference, ...extras })
    },
    addSourceMap(spelling) {
      maps.push(spelling)
    },
    addNote(note) {
      notes.push(note)
    },
    toScan() {
      const last = maps.at(-1)
      const inlineMap = last !== undefined && /^data:/i.test(last.text) ? last : undefined
      if (last !== undefined && inlineMap === undefined) findings.addUrl('source-map', last)
      // Only the map of a rewritten file is adjusted; the others need not even be decoded.
      if (inlineMap !== undefined && references.length > 0 && !isSourceMap(inlineMap)) {
        notes.push(damagedMapNote(inlineMap))
      }
      return {
        references: references.sort(byStart),
        notes: notes.sort(byStart),
        ...(inlineMap && { inlineMap: spanOf(inlineMap) }),
        ...(maps.length > 1 && { earlierMaps: maps.slice(0, -1).map(spanOf) }),
      }
    },
  }
  return findings
}

/** Browsers look for updates at the URL that was registered (Service Workers §3.4). */
export function noteServiceWorker({ start, end }: Span, findings: Findings): void {
  const message = 'is a service worker, which must keep its URL to be updated; it is left as it is.'
  findings.addNote({ code: 'dynamic', severity: 'note', start, end, message })
}

function placeholderNote({ start, end }: Spelling): ScanNote {
  const message = 'is a template placeholder, not a URL; it is left as it is.'
  return { code: 'placeholder', severity: 'warning', start, end, message }
}

function spanOf({ start, end }: Span): Span {
  return { start, end }
}

function isSourceMap(url: Spelling): boolean {
  try {
    const map: unknown = JSON.parse(readDataUrl(url.text)?.text ?? '')
    return typeof map === 'object' && map !== null && ('mappings' in map || 'sections' in map)
  } catch {
    return false
  }
}

function damagedMapNote({ start }: Span): ScanNote {
  const message =
    "is an inline source map that can't be read; it is left as it is, so its positions may be wrong."
  return { code: 'source-map-damaged', severity: 'warning', start, end: start + 'data:'.length, message }
}

function byStart(a: { readonly start: number }, b: { readonly start: number }): number {
  return a.start - b.start
}
