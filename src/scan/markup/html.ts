import { type Token, Tokenizer, TokenizerMode } from 'parse5'
import { extensionOf } from '../../core/path.ts'
import type { Spelling } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { scanModule } from '../javascript/javascript.ts'
import type { Scan, ScanNote, Scanner, Span } from '../scanner.ts'
import { sliceSpelling } from '../spelling.ts'
import { CSS_ATTRIBUTES, nestFindings, scanNestedCss, spellAttribute, URL_ATTRIBUTES } from './markup.ts'

const SRCSET_ATTRIBUTES: ReadonlySet<string> = new Set(['srcset', 'imagesrcset'])

/** Link types that load something (HTML §4.6.7); others lead to pages. */
const LOADING_RELS: ReadonlySet<string> = new Set([
  ...['stylesheet', 'icon', 'apple-touch-icon', 'apple-touch-icon-precomposed', 'mask-icon', 'fluid-icon'],
  ...['manifest', 'preload', 'modulepreload', 'prefetch', 'apple-touch-startup-image', 'image_src'],
])

/** How the text of an element is read (HTML §13.2.6.4): without markup in it. */
const TEXT_MODES: Readonly<Record<string, Tokenizer['state']>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
}

/**
 * Reads HTML files, where the sources have them and the option says so. It works on tokens: building a tree takes
 * quadratic time on hostile nesting and would tell nothing more.
 */
export const htmlScanner: Scanner = {
  name: 'html',
  version: 3,
  accepts: (path) => ['.html', '.htm'].includes(extensionOf(path)),
  scan: scanHtml,
}

function scanHtml(html: string): Scan {
  const findings = createFindings()
  let hasBase = false
  /** The language of the text that begins here; undefined for markup. */
  let inner: { readonly start: number; readonly language: InnerLanguage } | undefined
  const ignore = () => undefined
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: true },
    {
      onStartTag(tag) {
        hasBase ||= tag.tagName === 'base' && tag.attrs.some(({ name }) => name === 'href')
        readTag(html, tag, findings)
        const language = innerLanguageOf(tag)
        inner = language && { start: tag.location?.endOffset ?? 0, language }
        tokenizer.state = TEXT_MODES[tag.tagName] ?? TokenizerMode.DATA
        tokenizer.lastStartTagName = tag.tagName
      },
      onEndTag(tag) {
        const end = tag.location?.startOffset ?? 0
        if (inner !== undefined) {
          const { start, language } = inner
          scanInner(
            { text: html.slice(start, end), start, end, escapeText: (text) => text },
            language,
            findings,
          )
        }
        inner = undefined
      },
      onCharacter: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
      onNullCharacter: ignore,
      onWhitespaceCharacter: ignore,
    },
  )
  tokenizer.write(html, true)
  return hasBase ? { references: [], notes: [baseNote()] } : findings.toScan()
}

function baseNote(): ScanNote {
  const message = 'has a <base href> that decides where its URLs lead; they are left as they are.'
  return { code: 'dynamic', severity: 'note', start: 0, end: 0, message }
}

type InnerLanguage = 'css' | 'module' | 'import-map'

function innerLanguageOf({ tagName, attrs }: Token.TagToken): InnerLanguage | undefined {
  if (tagName === 'style') return 'css'
  if (tagName !== 'script') return undefined
  const type = attrs
    .find(({ name }) => name === 'type')
    ?.value.trim()
    .toLowerCase()
  if (type === 'importmap') return 'import-map'
  return type === 'module' ? 'module' : undefined
}

function scanInner(text: Spelling, language: InnerLanguage, findings: Findings): void {
  if (language === 'css') scanNestedCss(text, findings)
  else if (language === 'module') {
    if (text.text.trim() !== '') scanModule(text.text, nestFindings(findings, text))
  } else {
    const message = "is an import map, whose URLs are left as they are. Use the build's own: app.importMap()."
    findings.addNote({ code: 'dynamic', severity: 'note', start: text.start, end: text.end, message })
  }
}

function readTag(html: string, tag: Token.TagToken, findings: Findings): void {
  const rels = tag.attrs.find(({ name }) => name === 'rel')?.value.toLowerCase() ?? ''
  const loads = tag.tagName === 'link' && rels.split(/\s+/).some((rel) => LOADING_RELS.has(rel))
  const urlAttributes = loads ? ['href'] : (URL_ATTRIBUTES.get(tag.tagName) ?? [])
  for (const { name, value } of tag.attrs) {
    const isUrl = urlAttributes.includes(name)
    const isSrcset = SRCSET_ATTRIBUTES.has(name)
    if (!isUrl && !isSrcset && !CSS_ATTRIBUTES.has(name)) continue
    const spelling = spellValue(html, tag.location?.attrs?.[name], value)
    if (spelling === undefined) continue
    if (isUrl) {
      findings.addUrl('html', spelling)
      if (tag.attrs.some((other) => other.name === 'integrity')) noteIntegrity(spelling, findings)
    } else if (isSrcset) {
      for (const { start, end } of parseSrcset(spelling.text)) {
        findings.addUrl('html', sliceSpelling(spelling, start, end))
      }
    } else scanNestedCss(spelling, findings)
  }
}

/** Browsers block a file whose bytes a build has changed since its digest was taken (SRI §3.3.5). */
function noteIntegrity({ text, start, end }: Spelling, findings: Findings): void {
  if (/^\s*(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(text)) return
  const message =
    'has an integrity attribute, which the build does not update. Remove it: a rewritten file is blocked.'
  findings.addNote({ code: 'integrity', severity: 'warning', start, end, message })
}

/**
 * The value of an attribute at its place.
 *
 * @param value what the parser read; where our reading differs — a rare character reference — the attribute is left alone
 */
function spellValue(html: string, location: Token.Location | undefined, value: string): Spelling | undefined {
  if (location === undefined) return undefined
  const written = html.slice(location.startOffset, location.endOffset)
  const before = /^[^\s=]+\s*=\s*(["']?)/.exec(written)
  if (before === null) return undefined
  const start = location.startOffset + before[0].length
  const spelling = spellAttribute(html, start, location.endOffset - (before[1] === '' ? 0 : 1))
  return spelling.text.replace(/\r\n?/g, '\n') === value ? spelling : undefined
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
