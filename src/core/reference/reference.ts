import { digestIndexOf, escapeName } from '../hashed-path.ts'
import { decodePath, encodePath } from '../path.ts'
import type { Replacement } from './text.ts'

/** The construct a reference is in. Decides how its specifier is resolved and how it is preloaded. */
export type ReferenceKind =
  | 'css-import' // @import
  | 'css-url' // url(), src(), and strings where CSS wants an image
  | 'css-variable' // the same in a custom property
  | 'js-import' // import … from, export … from, import '…'
  | 'js-dynamic-import' // import('…')
  | 'js-resolve' // import.meta.resolve('…')
  | 'js-url' // new URL('…', import.meta.url)
  | 'js-worker' // importScripts('…')
  | 'source-map' // sourceMappingURL
  | 'source-map-file' // the field `file` of a source map
  | 'svg-href'
  | 'web-manifest'
  | 'html'
  | 'own' // what a scanner of the options found

/** Kinds that have a module specifier, to which import maps apply. */
export function isModuleKind(kind: ReferenceKind): boolean {
  return kind === 'js-import' || kind === 'js-dynamic-import' || kind === 'js-resolve'
}

/** Kinds that are syntax errors in a classic script: static imports and `import.meta`. */
export function provesModule(kind: ReferenceKind): boolean {
  return kind === 'js-import' || kind === 'js-resolve' || kind === 'js-url'
}

/** One place in a file that names another. Offsets are UTF-16 code units into the decoded text. Serialisable. */
export interface Reference {
  readonly kind: ReferenceKind
  /** Start of the URL as written: escapes included, quotes excluded. */
  readonly start: number
  readonly end: number
  /** The URL without the language's escapes, with percent-encoding, without suffix. Never empty. */
  readonly specifier: string
  /** `?query#fragment`, or ''. */
  readonly suffix: string
  /**
   * Where a digest goes. Inserted text has only hex digits, ASCII letters, dots and slashes, which need no escaping in
   * any language (law 2).
   */
  readonly digestAt: number
  /** Where the last segment of the path begins. Only of `css-variable`, whose folder may be replaced. */
  readonly nameAt?: number
  /** What gives the path its one spelling, see {@link encodePath}; absent if it has that already. */
  readonly edits?: readonly Replacement[]
  /** What hashed names write otherwise in the file name, see {@link escapeName}; absent if there is nothing. */
  readonly escapes?: readonly Replacement[]
  /** Where the integrity of the target is stated: a whole literal, with its quotes if it has any. */
  readonly integrity?: { readonly start: number; readonly end: number }
  /** An import with attributes, `with { type: 'json' }`; absent if it has none. */
  readonly hasAttributes?: true
  /** An import that needs no export of its target: `import './a.js'`, `export * from './a.js'`. */
  readonly bindsNothing?: true
}

/** What a scanner knows of a reference besides its URL. */
export type ReferenceExtras = Pick<Reference, 'integrity' | 'hasAttributes' | 'bindsNothing'>

/** Browsers resolve a relative URL in a custom property against the stylesheet that uses it (CSS Variables 1 §3.1). */
export function dependsOnUse({ kind, specifier }: Reference): boolean {
  return kind === 'css-variable' && !/^\s*(?:[\\/]|[a-z][a-z0-9+.-]*:)/i.test(specifier)
}

/** A URL as written: its meaning, and where each character of that stands in the source. */
export interface Spelling {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Offset of each character of `text` in the source; absent if nothing is escaped. */
  readonly offsets?: readonly number[]
  /**
   * Writes a part of a URL as the language needs it at this place; undefined if it can't stand here. Without this
   * function only text that is safe everywhere is put in.
   */
  readonly escapeText?: (text: string) => string | undefined
}

/** Splits a URL at the first `?` or `#` (WHATWG URL §4.1). */
export function splitSuffix(url: string): { readonly specifier: string; readonly suffix: string } {
  const index = url.search(/[?#]/)
  return index === -1
    ? { specifier: url, suffix: '' }
    : { specifier: url.slice(0, index), suffix: url.slice(index) }
}

/** A reference from a spelling; undefined for one that names no file: only blanks or a suffix. */
export function createReference(kind: ReferenceKind, spelling: Spelling): Reference | undefined {
  // `#name` is a name of the package's own "imports", not a fragment.
  const isOwnName = isModuleKind(kind) && spelling.text.startsWith('#')
  const { specifier, suffix } = isOwnName
    ? { specifier: spelling.text, suffix: '' }
    : splitSuffix(spelling.text)
  const trimmed = specifier.trimEnd()
  if (trimmed.trimStart() === '') return undefined
  // Browsers read a backslash as a slash, servers `%2F`.
  const name =
    trimmed
      .trimStart()
      .split(/[/\\]|%2f/i)
      .at(-1) ?? ''
  const nameIndex = trimmed.length - name.length
  const { start, end } = spelling
  const digestAt = offsetOf(spelling, nameIndex + digestIndexIn(name))
  const nameAt = kind === 'css-variable' ? { nameAt: offsetOf(spelling, nameIndex) } : {}
  const escapes = Array.from(name.matchAll(/[+~]|%2b|%7e/gi), ({ 0: written, index }) => ({
    start: offsetOf(spelling, nameIndex + index),
    end: offsetOf(spelling, nameIndex + index + written.length),
    text: escapeName(decodePath(written)),
  }))
  const edits = respell(specifier, spelling)
  return {
    ...{ kind, start, end, specifier, suffix, digestAt, ...nameAt },
    ...(edits.length > 0 && { edits }),
    ...(escapes.length > 0 && { escapes }),
  }
}

/**
 * A scheme and host, an escape, or a character that browsers keep and {@link encodePath} doesn't. `<^` and
 * `{<^` are escaped as a whole: `<%5E` and `{%3C` would begin a template placeholder.
 */
const ODD_SPELLING =
  /^\s*(?:[a-z][a-z0-9+.-]*:)?\/\/[^/\\]*|%[0-7][0-9a-f]|(?:%[89a-f][0-9a-f])+|[\\/]{2,}|[<{]+\^?|[\\%^]/gi

/** A segment that takes back the one before it (WHATWG URL §4.4). */
const CLIMB = /[/\\](?:\.|%2e){2}(?:[/\\]|$)/i

/** What needs an escape of its own in one language or another. */
const UNSAFE = /['"(),;:&$*]/

/** Browsers take different spellings of one URL for different resources; servers and caches may too. */
function respell(specifier: string, spelling: Spelling): readonly Replacement[] {
  const edits: Replacement[] = []
  const { escapeText = keepSafe } = spelling
  const end = specifier.search(/[/\\:]/)
  // What comes before a colon in the first segment may look like a scheme without its escapes.
  const colonAt = specifier[end] === ':' ? end : -1
  for (const { 0: written, index } of specifier.matchAll(ODD_SPELLING)) {
    if (/^\s*(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(written) && index === 0) continue
    if (/^[<{]/.test(written) && !written.endsWith('^')) continue
    const plain = /^[\\/]+$/.test(written) ? '/' : encodePath(decodePath(written))
    // `*/` would end a comment.
    if (plain === '/' && specifier[index - 1] === '*') continue
    // `a%2Fb/../c` is `c`, `a/b/../c` is `a/c`.
    if (/%2f/i.test(written) && CLIMB.test(specifier.slice(index))) continue
    // A colon in the first segment would end a scheme.
    const isScheme = plain.includes(':') && !/[/\\]/.test(specifier.slice(0, index))
    const text = plain === written || isScheme || index < colonAt ? undefined : escapeText(plain)
    if (text === undefined) continue
    const [start, end] = [offsetOf(spelling, index), offsetOf(spelling, index + written.length)]
    edits.push({ start, end, text })
  }
  return edits
}

/** The `escape` of a place where little is known of the language. */
export function keepSafe(text: string): string | undefined {
  return UNSAFE.test(text) ? undefined : text
}

/** As {@link digestIndexOf}, for a name with dots as `%2E`, and tabs and line ends, which browsers remove. */
function digestIndexIn(name: string): number {
  if (!/%2e|[\t\n\r]/i.test(name)) return digestIndexOf(name)
  const spelt = [...name.matchAll(/%2e|[^\t\n\r]/gi)]
  const plain = spelt.map(([text]) => (text.length > 1 ? '.' : text)).join('')
  return spelt[digestIndexOf(plain)]?.index ?? name.length
}

function offsetOf(spelling: Spelling, index: number): number {
  if (spelling.offsets === undefined) return spelling.start + index
  return spelling.offsets[index] ?? spelling.end
}
