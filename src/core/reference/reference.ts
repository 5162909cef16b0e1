import { digestIndexOf } from '../hashed-path.ts'

/** In which construct a reference stands. The kind decides how its specifier is read and what preloads it. */
export type ReferenceKind =
  | 'css-import' // @import
  | 'css-url' // url(), src(), and strings where CSS wants an image
  | 'js-import' // import … from, export … from, import '…'
  | 'js-dynamic-import' // import('…')
  | 'js-resolve' // import.meta.resolve('…')
  | 'js-url' // new URL('…', import.meta.url)
  | 'source-map' // sourceMappingURL
  | 'source-map-file' // the field `file` of a source map
  | 'svg-href'
  | 'web-manifest'
  | 'html'

/** Kinds whose specifier is a module specifier: the module loader reads it, and with it the page's import map. */
export function isModuleKind(kind: ReferenceKind): boolean {
  return kind === 'js-import' || kind === 'js-dynamic-import' || kind === 'js-resolve'
}

/** Kinds that only a module can hold: static imports and `import.meta` are syntax errors in a classic script. */
export function provesModule(kind: ReferenceKind): boolean {
  return kind === 'js-import' || kind === 'js-resolve' || kind === 'js-url'
}

/**
 * One place in a source that names another file. Offsets are UTF-16 code units into the decoded text (`core/text`).
 * Serialisable as it is, so that scan results can be cached.
 */
export interface Reference {
  readonly kind: ReferenceKind
  /** The URL as written begins here: escapes included, quotes excluded. */
  readonly start: number
  readonly end: number
  /** What the author means: the language's escapes undone, percent-encoding kept, without suffix. Never empty. */
  readonly specifier: string
  /** `?query#fragment`, or ''. */
  readonly suffix: string
  /**
   * Where a digest goes. What is inserted there is made of hex digits, ASCII letters, dots and slashes, which need no
   * escaping in any language: this is why rewriting can leave the author's spelling alone (law 2).
   */
  readonly digestAt: number
}

/** A URL as its author spelled it: the text meant, and where each character of it stands in the source. */
export interface Spelling {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Offsets of each character of `text` in the source; absent where nothing is escaped and they simply count up. */
  readonly offsets?: readonly number[]
}

/** What a specifier is made of before its suffix: everything up to the first `?` or `#` (WHATWG URL §4.1). */
export function splitSuffix(url: string): { readonly specifier: string; readonly suffix: string } {
  const index = url.search(/[?#]/)
  return index === -1
    ? { specifier: url, suffix: '' }
    : { specifier: url.slice(0, index), suffix: url.slice(index) }
}

/** A reference from a spelling; undefined where there is nothing but a suffix or blanks, which names no file. */
export function createReference(kind: ReferenceKind, spelling: Spelling): Reference | undefined {
  const { specifier, suffix } = splitSuffix(spelling.text)
  const trimmed = specifier.trimEnd()
  if (trimmed.trimStart() === '') return undefined
  // Browsers read a backslash as a slash, servers `%2F`.
  const name =
    trimmed
      .trimStart()
      .split(/[/\\]|%2f/i)
      .at(-1) ?? ''
  const index = trimmed.length - name.length + digestIndexIn(name)
  return {
    kind,
    start: spelling.start,
    end: spelling.end,
    specifier,
    suffix,
    digestAt: offsetOf(spelling, index),
  }
}

/** As {@link digestIndexOf}, for a name that may spell its dots `%2E`, and have tabs and line ends, which vanish. */
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
