import type { Token } from 'parse5'
import type { Spelling } from '../../core/reference/reference.ts'
import type { Findings } from '../findings.ts'
import type { Span } from '../scanner.ts'
import { sliceSpelling } from '../spelling.ts'
import { CSS_ATTRIBUTES, scanNestedCss, spellAttribute, URL_ATTRIBUTES } from './markup.ts'

const SRCSET_ATTRIBUTES: ReadonlySet<string> = new Set(['srcset', 'imagesrcset'])

/** Link types that load something (HTML §4.6.7); others lead to pages. */
const LOADING_RELS: ReadonlySet<string> = new Set([
  ...['stylesheet', 'icon', 'apple-touch-icon', 'apple-touch-icon-precomposed', 'mask-icon', 'fluid-icon'],
  ...['manifest', 'preload', 'modulepreload', 'prefetch', 'apple-touch-startup-image', 'image_src'],
])

/** `<meta>` whose `content` is the URL of a file: Open Graph, X cards, tiles of Windows. */
const FILE_META =
  /^(?:og:(?:image|video|audio)(?::(?:secure_)?url)?|twitter:image(?::src)?|msapplication-(?:tileimage|(?:square|wide)\d+x\d+logo))$/i

/** Adds the references in the attributes of a start tag. */
export function readTag(html: string, tag: Token.TagToken, findings: Findings): void {
  const urlAttributes = urlAttributesOf(tag)
  const integrity = spanOfLiteral(html, tag.location?.attrs?.['integrity'])
  for (const { name, value } of tag.attrs) {
    const isUrl = urlAttributes.includes(name)
    const isSrcset = SRCSET_ATTRIBUTES.has(name)
    if (!isUrl && !isSrcset && !CSS_ATTRIBUTES.has(name)) continue
    const spelling = spellValue(html, tag.location?.attrs?.[name], value)
    if (spelling === undefined) continue
    if (isUrl) findings.addUrl('html', spelling, integrity && { integrity })
    else if (isSrcset) {
      for (const { start, end } of parseSrcset(spelling.text)) {
        findings.addUrl('html', sliceSpelling(spelling, start, end))
      }
    } else scanNestedCss(spelling, findings)
  }
}

function urlAttributesOf({ tagName, attrs }: Token.TagToken): readonly string[] {
  const read = (name: string) => attrs.find((attribute) => attribute.name === name)?.value ?? ''
  if (tagName === 'meta') return FILE_META.test(read('property') || read('name')) ? ['content'] : []
  if (tagName !== 'link') return URL_ATTRIBUTES.get(tagName) ?? []
  return read('rel')
    .toLowerCase()
    .split(/\s+/)
    .some((rel) => LOADING_RELS.has(rel))
    ? ['href']
    : []
}

/** The value of an attribute with its quotes, if it has any. */
function spanOfLiteral(html: string, location: Token.Location | undefined): Span | undefined {
  if (location === undefined) return undefined
  const before = /^[^\s=]+\s*=\s*/.exec(html.slice(location.startOffset, location.endOffset))
  return before ? { start: location.startOffset + before[0].length, end: location.endOffset } : undefined
}

/**
 * The value of an attribute at its place.
 *
 * @param value what the parser read; where our reading differs — a rare character reference — the attribute is left alone
 */
export function spellValue(
  html: string,
  location: Token.Location | undefined,
  value: string,
): Spelling | undefined {
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
