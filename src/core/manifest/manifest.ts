import { ENCODINGS, type Encoding } from '../encoding.ts'
import { FingerpostError } from '../error.ts'
import type { HashedPath } from '../hashed-path.ts'
import { comparePaths, isLogicalPath, type LogicalPath } from '../path.ts'
import type { ReferenceKind } from '../reference/reference.ts'

/** The file name of a manifest, relative to the output folder. */
export const MANIFEST_FILE = 'manifest.json'

/** The version of the format this release writes, and the only one it reads. */
export const MANIFEST_VERSION = 1

/** The bytes of one encoding: how many, and their digest, which is the strong ETag without its quotes. */
export interface ManifestVariant {
  readonly size: number
  readonly etag: string
}

/** A file that an asset names, once per kind. */
export interface ManifestReference {
  readonly path: LogicalPath
  readonly kind: ReferenceKind
}

/** Everything a server or a template needs to know of one asset. */
export interface ManifestAsset extends ManifestVariant {
  readonly file: HashedPath
  /** The whole value of Content-Type. */
  readonly type: string
  /** `sha384-…` of the identity bytes. */
  readonly integrity: string
  readonly encodings: Readonly<Partial<Record<Encoding, ManifestVariant>>>
  /** Sorted by path, then kind; left out of the file where empty. */
  readonly references: readonly ManifestReference[]
}

/** The bytes that a browser downloads: of the smallest variant. */
export function downloadSize({ size, encodings }: Pick<ManifestAsset, 'size' | 'encodings'>): number {
  return Math.min(size, ...Object.values(encodings).map((variant) => variant.size))
}

/**
 * The specifiers of a build's import map and the names they stand for, suffix included: `three`, or `./js/a.js` for a
 * URL relative to the manifest's.
 */
export type ImportMapNames = ReadonlyMap<string, string>

/**
 * The entries of a bundler, by their sources (`src/main.js`), and the files that a page with this entry loads:
 * stylesheets, what the entry imports, the entry last.
 */
export type BundleEntries = ReadonlyMap<string, readonly LogicalPath[]>

/** Specifiers by the path, relative to the manifest's URL, of the files in which they have this meaning. */
export type ImportMapScopes = ReadonlyMap<string, ImportMapNames>

/** The promise of a build: every file in it is there, with exactly these bytes. */
export interface Manifest {
  readonly version: typeof MANIFEST_VERSION
  /** Where the files appear to browsers; ends with a slash. */
  readonly url: string
  /** Changes exactly when an asset changes. */
  readonly digest: string
  /** Sorted by specifier; left out where there are none. */
  readonly importMap?: ImportMapNames
  /** Sorted by source; left out where there are none. */
  readonly entries?: BundleEntries
  /**
   * What specifiers mean in files below a path, where that differs from {@link importMap}: `npm/old@1.0.0/`. Sorted; left
   * out where there are none.
   */
  readonly importMapScopes?: ImportMapScopes
  /** Sorted by logical path. */
  readonly assets: ReadonlyMap<LogicalPath, ManifestAsset>
}

/**
 * Reads the text of a manifest. Unknown fields are ignored, as the contract promises to later versions. Inverse of
 * `formatManifest`.
 *
 * @param where names the manifest in messages, e.g. its path
 * @throws FingerpostError `FP_MANIFEST` naming the first field that isn't as it should be
 */
export function parseManifest(text: string, where: string): Manifest {
  const root = asRecord(parseJson(text, where), where, 'the manifest')
  if (root['version'] !== MANIFEST_VERSION) {
    throw damaged(
      where,
      `its version is ${JSON.stringify(root['version'])}, this release reads ${MANIFEST_VERSION}`,
    )
  }
  const url = asString(root['url'], where, 'the manifest', 'url')
  const digest = asString(root['digest'], where, 'the manifest', 'digest')
  const assets = new Map<LogicalPath, ManifestAsset>()
  const entries = Object.entries(asRecord(root['assets'], where, 'assets'))
  // An object has names like `10` in front, wherever the text has them.
  for (const [path, value] of entries.sort(([a], [b]) => comparePaths(a, b))) {
    if (!isLogicalPath(path)) throw damaged(where, `assets has the name ${JSON.stringify(path)}`)
    assets.set(path, parseAsset(value, where, path))
  }
  const importMap = parseNames(root['importMap'] ?? {}, where, 'importMap')
  const scopes = Object.entries(asRecord(root['importMapScopes'] ?? {}, where, 'importMapScopes'))
  const importMapScopes = new Map(scopes.map(([path, names]) => [path, parseNames(names, where, path)]))
  const bundles = new Map<string, readonly LogicalPath[]>()
  for (const [source, files] of Object.entries(asRecord(root['entries'] ?? {}, where, 'entries'))) {
    if (!Array.isArray(files) || files.length === 0) throw damaged(where, `entries: ${source} lists no files`)
    bundles.set(
      source,
      files.map((file: unknown) => asString(file, where, 'entries', source)),
    )
  }
  return {
    ...{ version: MANIFEST_VERSION, url, digest, assets },
    ...(importMap.size > 0 && { importMap }),
    ...(importMapScopes.size > 0 && { importMapScopes }),
    ...(bundles.size > 0 && { entries: bundles }),
  }
}

function parseNames(value: unknown, where: string, field: string): ImportMapNames {
  const entries = Object.entries(asRecord(value, where, field))
  return new Map(entries.map(([specifier, name]) => [specifier, asString(name, where, field, specifier)]))
}

/**
 * Reads one asset of a manifest.
 *
 * @param where names the file in messages
 * @param path names the asset in messages
 * @throws FingerpostError `FP_MANIFEST`
 */
export function parseAsset(value: unknown, where: string, path: string): ManifestAsset {
  // Written plainly, without intermediate objects and texts: a server that starts does this for every asset.
  const json = asRecord(value, where, path)
  const file = asString(json['file'], where, path, 'file')
  if (!isLogicalPath(file)) throw damaged(where, `${path}: file is ${JSON.stringify(file)}`)
  const size = asSize(json['size'], where, path)
  return {
    file,
    size,
    type: asHeaderText(json['type'], TYPE, where, path, 'type'),
    etag: asHeaderText(json['etag'], ETAG, where, path, 'etag'),
    integrity: asString(json['integrity'], where, path, 'integrity'),
    encodings: parseEncodings(json['encodings'] ?? {}, where, path),
    references: parseReferences(json['references'] ?? NONE, where, path),
  }
}

const NONE: readonly never[] = []

/** An encoding of a later version is a field we don't know: ignored, the others still serve. */
function parseEncodings(value: unknown, where: string, path: string): ManifestAsset['encodings'] {
  return parseVariants(asRecord(value, where, path, 'encodings'), ENCODINGS, where, path)
}

/** The variants among the fields of a record. @throws FingerpostError `FP_MANIFEST` */
export function parseVariants<E extends string>(
  json: Readonly<Record<string, unknown>>,
  encodings: readonly E[],
  where: string,
  path: string,
): Readonly<Partial<Record<E, ManifestVariant>>> {
  const variants: Partial<Record<E, ManifestVariant>> = {}
  for (const encoding of encodings) {
    if (!Object.hasOwn(json, encoding)) continue
    const variant = asRecord(json[encoding], where, path, encoding)
    variants[encoding] = {
      size: asSize(variant['size'], where, path),
      etag: asHeaderText(variant['etag'], ETAG, where, path, 'etag'),
    }
  }
  return variants
}

function parseReferences(json: unknown, where: string, path: string): readonly ManifestReference[] {
  if (!Array.isArray(json)) throw damaged(where, `${path}: references is not a list`)
  if (json.length === 0) return NONE
  return json.map((entry: unknown) => {
    const record = asRecord(entry, where, path, 'references')
    return {
      path: asString(record['path'], where, path, 'references: path'),
      // Kinds may be added later; a reader only compares them.
      kind: asString(record['kind'], where, path, 'references: kind') as ReferenceKind,
    }
  })
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(where, 'it is not JSON, or only part of it', cause)
  }
}

function asRecord(value: unknown, where: string, path: string, field?: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw damaged(where, `${field === undefined ? path : `${path}: ${field}`} is not an object`)
}

function asString(value: unknown, where: string, path: string, field: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw damaged(where, `${path}: ${field} is ${JSON.stringify(value)}`)
}

/** What may be sent as Content-Type, and between the quotes of an ETag (RFC 9110 §5.5, §8.8.3). */
const TYPE = /^[\x20-\x7e]+$/
const ETAG = /^[\x21\x23-\x7e]+$/

function asHeaderText(value: unknown, allowed: RegExp, where: string, path: string, field: string): string {
  const text = asString(value, where, path, field)
  if (allowed.test(text)) return text
  throw damaged(where, `${path}: ${field} cannot be sent as a header: ${JSON.stringify(text)}`)
}

function asSize(value: unknown, where: string, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw damaged(where, `${path}: size is ${JSON.stringify(value)}`)
}

function damaged(where: string, fault: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_MANIFEST', `${where} can't be used: ${fault}.`, {
    remedy: 'Build again: fingerpost build',
    details: { manifest: where },
    cause,
  })
}
