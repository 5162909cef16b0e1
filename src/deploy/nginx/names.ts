import { VARIANT_ENCODINGS, variantPath } from '../../core/encoding.ts'
import { digestIndexOf, type HashedPath, parseHashedPath } from '../../core/hashed-path.ts'
import { LIMITS } from '../../core/limit.ts'
import type { Manifest } from '../../core/manifest/manifest.ts'
import { bareMediaType, isTextType, mediaType } from '../../core/media-type.ts'
import { extensionOf, fileNameOf } from '../../core/path.ts'
import { escapePattern, indent, quote, quoteExactly } from './syntax.ts'

/** What a hashed name looks like: the digest before one extension or two, or at the end. */
const HASHED = String.raw`~\.[0-9a-f]{16}(?:\.[^./]+){0,2}$`

const IMMUTABLE = `"public, max-age=${LIMITS.immutableMaxAgeSeconds}, immutable"`

/** `.br`, `.zst`, `.gz` */
const SUFFIXES = VARIANT_ENCODINGS.map((encoding) => variantPath('', encoding)).filter(Boolean)

const SUFFIX = String.raw`\.(?:${SUFFIXES.map((suffix) => suffix.slice(1)).join('|')})$`

/** Deltas have no address of their own: `site.0123456789abcdef.css.0123456789abcdef.dcb`. */
const DELTA = String.raw`\.[^./]+\.[0-9a-f]{16}\.dc[bz]$`

/** Extensions the next build may bring, besides those of this one. */
const USUAL_EXTENSIONS =
  '.css .js .mjs .json .map .html .txt .csv .md .vtt .xml .svg .png .jpg .jpeg .gif .webp .avif .ico .woff2 .woff .ttf .otf .wasm .pdf .mp4 .webm .mp3 .webmanifest'

/** The map of Cache-Control values. It has a line for each name whose look deceives; see {@link formatExceptions}. */
export function formatCacheMap(manifest: Manifest, folder: string): string {
  return `# A year for hashed names, whose bytes never change; every other name is asked for again.
map $uri $fingerpost_static_cache {
    default "no-cache";
${indent(formatExceptions(manifest, folder))}    "${HASHED}" ${IMMUTABLE};
}
`
}

/**
 * Logical names that look hashed (`vendor/jquery.0123456789abcdef.js`), and prehashed ones, whose digest is a bundler's.
 */
function formatExceptions(manifest: Manifest, folder: string): string {
  const files = new Set([...manifest.assets.values()].map(({ file }) => file))
  const lines = [...manifest.assets.keys()].flatMap((path) => {
    const looksHashed = parseHashedPath(path) !== undefined
    if (looksHashed === files.has(path)) return []
    return [`${quoteExactly(folder + path)} ${looksHashed ? '"no-cache"' : IMMUTABLE};\n`]
  })
  return lines.join('')
}

/**
 * Locations that give precompressed files no address. Where the build has files of such a format itself
 * (`data.gz`), `data.0123456789abcdef.gz` is one, and `LICENSE.0123456789abcdef.gz` is a precompressed file.
 */
export function formatPrecompressed({ assets }: Manifest, folder: string): string {
  const own = [...assets].filter(([, { file }]) => SUFFIXES.some((suffix) => file.endsWith(suffix)))
  const kept = own.filter(([path, { file }]) => path === file)
  const lines = kept.map(([, { file }]) => `location = ${quote(folder + file)} {}\n`)
  const hide = (pattern: string) => lines.push(`location ~ ${quote(pattern)} { return 404; }\n`)
  if (kept.length === own.length) hide(SUFFIX)
  else {
    for (const [path, { file }] of assets)
      if (path !== file && digestIndexOf(fileNameOf(path)) === fileNameOf(path).length)
        hide(patternOf(folder, file).slice(0, -1) + SUFFIX)
    hide(String.raw`(?<!\.[0-9a-f]{16})${SUFFIX}`)
  }
  hide(DELTA)
  return lines.join('')
}

/** The `types` of all extensions, and which of the types have a charset. */
export function formatTypes(manifest: Manifest): string {
  const extensions = new Set(USUAL_EXTENSIONS.split(' '))
  for (const path of manifest.assets.keys()) {
    const extension = extensionOf(path)
    if (/^\.[a-z0-9+-]+$/.test(extension)) extensions.add(extension)
  }
  const byType = new Map<string, string[]>()
  for (const extension of [...extensions].sort()) {
    const type = bareMediaType(`x${extension}`)
    byType.set(type, [...(byType.get(type) ?? []), extension.slice(1)])
  }
  const types = [...byType].sort(([a], [b]) => (a < b ? -1 : 1))
  // nginx knows text/html by itself, and warns if it is named.
  const texts = types.map(([type]) => type).filter((type) => isTextType(type) && type !== 'text/html')
  return `types {
${types.map(([type, names]) => `    ${type} ${names.join(' ')};\n`).join('')}}
default_type application/octet-stream;
charset utf-8;
charset_types ${texts.join('\n              ')};
`
}

/** Locations for files whose type is not that of their extension: `apple-app-site-association`. */
export function formatSpecialTypes({ assets }: Manifest, folder: string): string {
  return [...assets.values()]
    .filter(({ file, type }) => type !== mediaType(`x${extensionOf(file)}`))
    .map(({ file, type }) => {
      const own = `types {} default_type ${quote(type)}; charset off;`
      return `location ~ ${quote(patternOf(folder, file))} { ${own} }\n`
    })
    .join('')
}

/** A regular expression for a file's names in all builds. */
function patternOf(folder: string, file: HashedPath): string {
  const digest = parseHashedPath(file)?.digest
  if (digest === undefined) return `^${escapePattern(folder + file)}$`
  const at = file.lastIndexOf(digest)
  const [before, after] = [folder + file.slice(0, at), file.slice(at + digest.length)]
  return `^${escapePattern(before)}[0-9a-f]{16}${escapePattern(after)}$`
}
