import { DELTA_ENCODINGS, type DeltaEncoding } from '../encoding.ts'
import { FingerpostError } from '../error.ts'
import { type HashedPath, parseHashedPath } from '../hashed-path.ts'
import { LIMITS } from '../limit.ts'
import { asCount, asListOf, asRecord, asText } from '../option.ts'
import { fileNameOf, isLogicalPath, type LogicalPath, packageFolderOf } from '../path.ts'
import { type ManifestAsset, type ManifestVariant, parseVariants } from './manifest.ts'

/** The file name, relative to the output folder. */
export const DICTIONARIES_FILE = 'dictionaries.json'

/** The version of the format this release writes, and the only one it reads. */
export const DICTIONARIES_VERSION = 1

/** The difference of one file to one earlier content of it. */
export interface Delta {
  readonly file: HashedPath
  /** The ETag of its content, without quotes: a bundler's name may get another. */
  readonly to: string
  /** The ETag of the earlier content. */
  readonly from: string
  /** SHA-256 of the earlier content in base64, as `Available-Dictionary` has it. */
  readonly dictionary: string
  readonly encodings: Readonly<Partial<Record<DeltaEncoding, ManifestVariant>>>
}

/** What of a build depends on earlier builds: shared dictionaries (RFC 9842). The manifest doesn't. */
export interface Dictionaries {
  /** Bytes below which no file of the build is a dictionary. */
  readonly minBytes: number
  /** Those of one file are together, the latest earlier content first. */
  readonly deltas: readonly Delta[]
}

/** The text of `dictionaries.json`, a line per delta. Inverse of {@link parseDictionaries}. */
export function formatDictionaries({ minBytes, deltas }: Dictionaries): string {
  const lines = deltas.map(({ encodings, ...delta }) => {
    const variants = DELTA_ENCODINGS.flatMap((encoding) => {
      const variant = encodings[encoding]
      return variant === undefined ? [] : [[encoding, { size: variant.size, etag: variant.etag }]]
    })
    const { file, to, from, dictionary } = delta
    return `  ${JSON.stringify({ file, to, from, dictionary, ...Object.fromEntries(variants) })}`
  })
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n ]`
  return `{\n "version": ${DICTIONARIES_VERSION},\n "minBytes": ${minBytes},\n "deltas": ${list}\n}\n`
}

/**
 * @param where names the file in messages
 * @throws FingerpostError `FP_MANIFEST`
 */
export function parseDictionaries(text: string, where: string): Dictionaries {
  try {
    const { version, minBytes, deltas } = asRecord(JSON.parse(text), where)
    if (version !== DICTIONARIES_VERSION) throw new TypeError(`its version is ${JSON.stringify(version)}`)
    const parse = (value: unknown, at: string) => parseDelta(asRecord(value, at), where)
    return { minBytes: asCount(minBytes, 'minBytes'), deltas: asListOf(parse)(deltas, 'deltas') }
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_MANIFEST', `${where} can't be used: ${fault}`, {
      remedy: 'Files are served whole until the next build: fingerpost build',
      details: { dictionaries: where },
      cause,
    })
  }
}

/** The file name of a delta. */
export function deltaPath({ file, from }: Pick<Delta, 'file' | 'from'>, encoding: DeltaEncoding): string {
  return `${file}.${from}.${encoding}`
}

/** The file that a delta is of, by the delta's own name; undefined for other names. Inverse of {@link deltaPath}. */
export function deltaOwner(key: string): HashedPath | undefined {
  return /^(.+)\.[0-9a-f]{16}\.dc[bz]$/.exec(key)?.[1]
}

/**
 * Whether browsers may keep an asset as a dictionary. A colon has a meaning in a URLPattern that not every browser lets
 * one escape.
 */
export function isDictionary(
  path: LogicalPath,
  { file, size, encodings }: Pick<ManifestAsset, 'file' | 'size' | 'encodings'>,
  minBytes: number,
): boolean {
  const hasSize = size >= minBytes && size <= LIMITS.dictionaryMaxBytes
  return hasSize && Object.keys(encodings).length > 0 && lastingParts(path, file) !== undefined
}

interface AroundHash {
  readonly before: string
  readonly after: string
}

/** A part of a name, between dots, that is a bundler's hash or ends with one: `0f3a9c21`, `index-B1xyAbCd`. */
const BUNDLED = /^(.+-)?(?:[0-9a-f]{8,64}|[\w-]{8})$/i

/**
 * The parts of a name that every build of the file has: what is around its hash and, in an npm package, around the version
 * (`npm/three@`, `/build/three.core.`, `.js`). Undefined for a name without a hash, and for one with a colon.
 */
export function lastingParts(path: LogicalPath, file: HashedPath): readonly string[] | undefined {
  const around = findHash(path, file)
  if (around === undefined) return undefined
  const { before, after } = around
  const folder = packageFolderOf(before)
  if (folder === undefined) return [before, after]
  const version = folder.lastIndexOf('@') + 1
  return [before.slice(0, version), before.slice(folder.length - 1), after]
}

function findHash(path: LogicalPath, file: HashedPath): AroundHash | undefined {
  if (file.includes(':')) return undefined
  const hashed = file === path ? undefined : parseHashedPath(file)
  if (hashed !== undefined) {
    const at = file.lastIndexOf(hashed.digest)
    return { before: file.slice(0, at), after: file.slice(at + hashed.digest.length) }
  }
  return findBundledHash(file)
}

/** As bundlers write names: `index-B1xyAbCd.js`, `chunk.0f3a9c21.css`. What follows are extensions. */
function findBundledHash(file: HashedPath): AroundHash | undefined {
  const name = fileNameOf(file)
  const parts = name.split('.')
  const extensionsFrom = parts.findLastIndex((part) => !/^\w+$/.test(part)) + 1
  let start = file.length - name.length
  for (const [index, part] of parts.entries()) {
    const match = index === parts.length - 1 || index + 1 < extensionsFrom ? null : BUNDLED.exec(part)
    const before = match?.[1] ?? ''
    if (match !== null && (index > 0 || before !== '')) {
      return { before: file.slice(0, start + before.length), after: file.slice(start + part.length) }
    }
    start += part.length + 1
  }
  return undefined
}

/**
 * The fewest bytes of a dictionary, at least `minBytes`, with which a build has no more than `maxFiles` of them.
 */
export function chooseMinBytes(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  { minBytes, maxFiles }: { readonly minBytes: number; readonly maxFiles: number },
): number {
  const sizes = [...assets].filter(([path, asset]) => isDictionary(path, asset, minBytes))
  const largestLeftOut = sizes.map(([, { size }]) => size).sort((a, b) => b - a)[maxFiles]
  return largestLeftOut === undefined ? minBytes : largestLeftOut + 1
}

/** A file is one of the build's and hashes are hex or base64, so that neither a path nor a header can be made of anything else. */
function parseDelta(json: Readonly<Record<string, unknown>>, where: string): Delta {
  const file = asText(json['file'], 'file')
  const to = asText(json['to'], 'to')
  const from = asText(json['from'], 'from')
  const dictionary = asText(json['dictionary'], 'dictionary')
  if (!isLogicalPath(file)) throw new TypeError(`file is ${JSON.stringify(file)}`)
  if (!/^[0-9a-f]{16}$/.test(from)) throw new TypeError(`from is ${JSON.stringify(from)}`)
  if (!/^[A-Za-z0-9+/]{43}=$/.test(dictionary))
    throw new TypeError(`dictionary is ${JSON.stringify(dictionary)}`)
  return { file, to, from, dictionary, encodings: parseVariants(json, DELTA_ENCODINGS, where, file) }
}
