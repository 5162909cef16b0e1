import type { Token } from 'parse5'
import type { Spelling } from '../../core/reference/reference.ts'
import type { Findings } from '../findings.ts'
import type { Span } from '../scanner.ts'
import { sliceSpelling } from '../spelling.ts'
import { CSS_ATTRIBUTES, scanNestedCss, spellAttribute, URL_ATTRIBUTES } from './markup.ts'
import { addSrcset, SRCSET_ATTRIBUTES } from './srcset.ts'

/** Link types that load something (HTML §4.6.7); others lead to pages. */
const LOADING_RELS: ReadonlySet<string> = new Set([
  ...['stylesheet', 'icon', 'apple-touch-icon', 'apple-touch-icon-precomposed', 'mask-icon', 'fluid-icon'],
  ...['manifest', 'preload', 'modulepreload', 'prefetch', 'apple-touch-startup-image', 'image_src'],
  'compression-dictionary',
])

/** `<meta>` whose `content` is the URL of a file: Open Graph, X cards, tiles of Windows. */
const FILE_META =
  /^(?:og:(?:image|video|audio)(?::(?:secure_)?url)?|twitter:image(?::src)?|msapplication-(?:config|tileimage|(?:square|wide)\d+x\d+logo))$/i

/** The same as microdata. */
const FILE_ITEM = /^(?:image|thumbnailurl|contenturl)$/i

/** Adds the references in the attributes of a start tag. */
export function readTag(html: string, tag: Token.TagToken, findings: Findings): void {
  const urlAttributes = urlAttributesOf(tag)
  const isTask = tag.tagName === 'meta' && readAttribute(tag, 'name').toLowerCase() === 'msapplication-task'
  const integrity = spanOfLiteral(html, tag.location?.attrs?.['integrity'])
  for (const { name, value } of tag.attrs) {
    const isUrl = urlAttributes.includes(name) || (isTask && name === 'content')
    const isSrcset = SRCSET_ATTRIBUTES.has(name)
    if (!isUrl && !isSrcset && !CSS_ATTRIBUTES.has(name)) continue
    const spelling = spellValue(html, tag.location?.attrs?.[name], value)
    if (spelling === undefined) continue
    if (isTask) readTask(spelling, findings)
    else if (isUrl) findings.addUrl('html', spelling, integrity && { integrity })
    else if (isSrcset) addSrcset('html', spelling, findings)
    else scanNestedCss(spelling, findings)
  }
}

function urlAttributesOf(tag: Token.TagToken): readonly string[] {
  const { tagName } = tag
  if (tagName === 'meta') return isFileMeta(tag) ? ['content'] : []
  if (tagName !== 'link') return URL_ATTRIBUTES.get(tagName) ?? []
  const rels = readAttribute(tag, 'rel').toLowerCase().split(/\s+/)
  // Without that type it may lead to a page that searches.
  const isOpenSearch = rels.includes('search') && /opensearchdescription/i.test(readAttribute(tag, 'type'))
  return isOpenSearch || rels.some((rel) => LOADING_RELS.has(rel)) ? ['href'] : []
}

function isFileMeta(tag: Token.TagToken): boolean {
  const name = readAttribute(tag, 'property') || readAttribute(tag, 'name')
  // `msapplication-config` with the content `none` turns the file off.
  if (FILE_META.test(name)) return readAttribute(tag, 'content').trim().toLowerCase() !== 'none'
  return FILE_ITEM.test(readAttribute(tag, 'itemprop'))
}

function readAttribute({ attrs }: Token.TagToken, name: string): string {
  return attrs.find((attribute) => attribute.name === name)?.value ?? ''
}

/** `<meta name="msapplication-task" content="name=…;action-uri=…;icon-uri=a.ico">` */
function readTask(task: Spelling, findings: Findings): void {
  for (const { index, 0: field } of task.text.matchAll(/[^;]+/g)) {
    const key = /^\s*icon-uri\s*=\s*/i.exec(field)?.[0]
    if (key !== undefined)
      findings.addUrl('html', sliceSpelling(task, index + key.length, index + field.length))
  }
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
