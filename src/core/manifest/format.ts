import { ENCODINGS, type Encoding } from '../encoding.ts'
import { comparePaths, type LogicalPath } from '../path.ts'
import type { Manifest, ManifestAsset, ManifestVariant } from './manifest.ts'

/**
 * The bytes of `manifest.json`, a line per asset: the same manifest, the same bytes (law 7). Made piece by piece, so that
 * a large manifest's lines are not in memory beside them. Inverse of `parseManifest`.
 */
export function formatManifest(manifest: Manifest): Buffer {
  return Buffer.concat(Array.from(formatPieces(manifest), (piece) => Buffer.from(piece)))
}

/** One asset as it stands in a manifest, ready for JSON. Inverse of {@link parseAsset}. */
export function formatAsset(asset: ManifestAsset): Record<string, unknown> {
  const { file, type, size, etag, integrity, references } = asset
  const encodings: Partial<Record<Encoding, ManifestVariant>> = {}
  for (const encoding of ENCODINGS) {
    const variant = asset.encodings[encoding]
    if (variant !== undefined) encodings[encoding] = { size: variant.size, etag: variant.etag }
  }
  const json: Record<string, unknown> = { file, type, size, etag, integrity, encodings }
  if (references.length > 0) json['references'] = references.map(({ path, kind }) => ({ path, kind }))
  return json
}

const LINES_PER_PIECE = 1000

function* formatPieces({ assets, ...head }: Manifest): Generator<string> {
  yield `{\n ${formatHead(head)},\n "assets": {\n`
  yield* formatLines(assets)
  yield '\n }\n}\n'
}

function* formatLines(assets: Manifest['assets']): Generator<string> {
  const sorted = [...assets].sort(([a], [b]) => comparePaths(a, b))
  for (let from = 0; from < sorted.length; from += LINES_PER_PIECE) {
    const lines = sorted.slice(from, from + LINES_PER_PIECE).map(formatLine)
    yield `${from === 0 ? '' : ',\n'}${lines.join(',\n')}`
  }
}

/** By hand, because an object would move names like `10` to the front and lose `__proto__`. */
function formatLine([path, asset]: readonly [LogicalPath, ManifestAsset]): string {
  return `  ${JSON.stringify(path)}: ${JSON.stringify(formatAsset(asset))}`
}

function formatHead(head: Omit<Manifest, 'assets'>): string {
  const { version, url, digest, importMap, importMapScopes = new Map(), entries } = head
  const scopes = Array.from(
    importMapScopes,
    ([path, names]) => [path, Object.fromEntries(sortNames(names))] as const,
  )
  const lines = [
    `"version": ${version}`,
    `"url": ${JSON.stringify(url)}`,
    `"digest": ${JSON.stringify(digest)}`,
    ...formatMap('importMap', importMap),
    ...formatMap('importMapScopes', new Map(scopes)),
    ...formatMap('entries', entries),
  ]
  return lines.join(',\n ')
}

/** A field with a line per entry; nothing where there are none. */
function formatMap(field: string, map: ReadonlyMap<string, unknown> = new Map()): readonly string[] {
  const lines = sortNames(map).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  return lines.length === 0 ? [] : [`"${field}": {\n${lines.join(',\n')}\n }`]
}

function sortNames<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => comparePaths(a, b))
}
