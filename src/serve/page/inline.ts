import { createHash } from 'node:crypto'
import { integrityOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { NameAnswers, ResolvedAsset } from '../../resolve/resolver.ts'
import type { InlineFile } from '../../template/template-helpers.ts'

/** The files that may be put into pages, by name. */
export type InlineFiles = ReadonlyMap<string, InlineFile>

/** CSP sources of inlined files: `'sha256-…'` with their quotes (CSP 3 §2.3.1). */
export interface InlineSources {
  readonly scriptSrc: readonly string[]
  readonly styleSrc: readonly string[]
}

/**
 * Reads the files that may be put into pages.
 *
 * @param names of the option `inline`
 * @param read the bytes of a file of the build
 * @throws FingerpostError `FP_UNKNOWN_NAME`; `FP_CONFIG` for a file that does not work inside a page, `FP_LIMIT` for one
 * that is too large, `FP_DAMAGED`
 */
export function readInlineFiles(
  names: readonly string[],
  resolver: NameAnswers,
  read: (name: string) => Buffer,
): InlineFiles {
  return new Map(names.map((name) => [name, toInlineFile(resolver.describe(name), read(name))]))
}

/** What pages may contain, of the build in service. */
export interface InlineLookup {
  /** @throws FingerpostError `FP_CONFIG` for a name that is not in the option */
  find(name: string): InlineFile
  sources(): InlineSources
}

/** @param current the files as they are now */
export function lookUpInline(current: () => InlineFiles): InlineLookup {
  return { find: (name) => findIn(current(), name), sources: () => sourcesOf(current()) }
}

function findIn(files: InlineFiles, name: string): InlineFile {
  const file = files.get(name)
  if (file !== undefined) return file
  throw new FingerpostError('FP_CONFIG', `${JSON.stringify(name)} is not in the option inline.`, {
    remedy: `Register the plugin with: inline: [${[...files.keys(), name].map((each) => `'${each}'`).join(', ')}]`,
    details: { name },
  })
}

function sourcesOf(files: InlineFiles): InlineSources {
  const of = (element: string) => [...files.values()].filter((file) => file.element === element)
  const hash = ({ text }: InlineFile) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return { scriptSrc: of('script').map(hash), styleSrc: of('style').map(hash) }
}

function toInlineFile(asset: ResolvedAsset, bytes: Buffer): InlineFile {
  if (bytes.length > LIMITS.inlineMaxBytes) {
    const message = `${asset.path} has ${bytes.length} bytes. Files of up to ${LIMITS.inlineMaxBytes} can be put into a page.`
    throw new FingerpostError('FP_LIMIT', message, { remedy: 'Link to it instead.' })
  }
  if (integrityOf(bytes) !== asset.integrity) {
    throw new FingerpostError('FP_DAMAGED', `${asset.path} is not the file of the build.`, {
      remedy: 'Find the damage with fingerpost check, and build again.',
    })
  }
  // The browser hashes what its HTML parser has made of the text.
  const text = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
  refuseUnsuitable(asset, text)
  return { element: elementOf(asset.type), text }
}

/** The element for a file of this media type; undefined for none. */
export function elementOf(type: string): InlineFile['element'] {
  return type.startsWith('text/css') ? 'style' : type.startsWith('text/javascript') ? 'script' : undefined
}

function refuseUnsuitable({ path, type, references }: ResolvedAsset, text: string): void {
  const outside = references.find(({ kind }) => kind !== 'source-map')
  if (outside !== undefined)
    throw unsuitable(path, `it refers to ${outside.path}, relative to itself and not to the page`)
  if (type.startsWith('image/svg+xml')) return
  const element = elementOf(type)
  if (element === undefined) throw unsuitable(path, 'only stylesheets, scripts and SVG images can be')
  const end = (element === 'style' ? /<\/style/i : /<\/script|<!--/i).exec(text)
  if (end !== null) throw unsuitable(path, `it contains ${end[0]}, which would end the element`)
}

function unsuitable(path: string, reason: string): FingerpostError {
  return new FingerpostError('FP_CONFIG', `${path} cannot be put into a page: ${reason}.`, {
    remedy: 'Remove it from the option inline, and link to it.',
    details: { name: path },
  })
}
