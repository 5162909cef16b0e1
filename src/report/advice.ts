import { groupBy } from '../core/group-by.ts'
import { downloadSize, type Manifest, type ManifestAsset } from '../core/manifest/manifest.ts'
import { bareMediaType } from '../core/media-type.ts'
import type { LogicalPath } from '../core/path.ts'
import { referrersOf } from './referrers.ts'

/** A reason to look at some files. */
export interface Advice {
  readonly kind: 'large' | 'badly-compressed' | 'image-format' | 'duplicates' | 'source-maps'
  readonly paths: readonly LogicalPath[]
  /** Bytes at stake: what visitors download of these files, or what the copies take. */
  readonly bytes: number
}

type Entry = readonly [path: LogicalPath, asset: ManifestAsset]

const MAX_ADVICE = 10

/** Bytes of a download that is worth a look by itself. */
const LARGE_BYTES = 250_000

/** Text that compresses to more than this share contains data that is compressed or random already. */
const BADLY_COMPRESSED_SHARE = 0.75

/** Bytes below which a bad ratio says nothing. */
const BADLY_COMPRESSED_MIN_BYTES = 20_000

/** Formats that AVIF, and for drawings WebP, often halve. Below this many bytes it is not worth the work. */
const OLD_IMAGE = /^image\/(?:png|apng|gif|bmp|tiff|jpeg)$/
const OLD_IMAGE_MIN_BYTES = 50_000

/** What is worth a look, the most bytes first. */
export function adviseOn({ assets }: Manifest): readonly Advice[] {
  const entries = [...assets]
  const maps = entries.filter(([path]) => path.endsWith('.map'))
  const others = entries.filter(([path]) => !path.endsWith('.map'))
  const advice = [
    ...others.flatMap(adviseOnFile),
    ...duplicatesIn(entries),
    ...(maps.length === 0 ? [] : [describe('source-maps', maps, sumDownloads(maps))]),
  ]
  return advice.sort((a, b) => b.bytes - a.bytes).slice(0, MAX_ADVICE)
}

/**
 * Files that no other file refers to, nor an entry of a bundler, nor a name of the import map. Pages and what browsers
 * ask for by its well-known name need no reference.
 */
export function findUnused({
  assets,
  entries,
  importMap,
  importMapScopes,
}: Manifest): readonly LogicalPath[] {
  const referrers = referrersOf(Array.from(assets, ([path, { references }]) => ({ path, references })))
  const names = [importMap ?? new Map(), ...(importMapScopes?.values() ?? [])].flatMap((map) => [...map])
  const used = new Set([
    ...[...(entries?.values() ?? [])].flat(),
    // Names that start with a dot stand for the URLs of modules: not all of them are requested.
    ...names.flatMap(([specifier, name]) => (specifier.startsWith('.') ? [] : [name])),
  ])
  const isUsed = (path: LogicalPath) =>
    used.has(path) || (referrers.get(path) ?? []).some(({ path: from }) => from !== path)
  return [...assets.keys()].filter((path) => !isUsed(path) && !STARTING_POINT.test(path))
}

const STARTING_POINT =
  /\.(?:html?|map|webmanifest)$|^(?:favicon\.ico|robots\.txt|manifest\.json|sw\.js)$|^\.well-known\//

function adviseOnFile(entry: Entry): readonly Advice[] {
  const [path, asset] = entry
  const download = downloadSize(asset)
  const type = bareMediaType(path) ?? ''
  const isText = /^text\/|json$|xml$|javascript$/.test(type)
  const share = download / asset.size
  // Text always compresses by some percent, so a file without variants was not to be compressed.
  const isCompressed = Object.keys(asset.encodings).length > 0
  if (isText && isCompressed && download >= BADLY_COMPRESSED_MIN_BYTES && share > BADLY_COMPRESSED_SHARE) {
    return [describe('badly-compressed', [entry], download)]
  }
  if (OLD_IMAGE.test(type) && download >= OLD_IMAGE_MIN_BYTES) {
    return [describe('image-format', [entry], download)]
  }
  return download >= LARGE_BYTES ? [describe('large', [entry], download)] : []
}

function duplicatesIn(entries: readonly Entry[]): readonly Advice[] {
  const groups = [...groupBy(entries, ([, { integrity }]) => integrity).values()]
  return groups.flatMap((twins) => {
    const [, ...copies] = twins
    const bytes = sumDownloads(copies)
    return bytes === 0 ? [] : [describe('duplicates', twins, bytes)]
  })
}

function describe(kind: Advice['kind'], entries: readonly Entry[], bytes: number): Advice {
  return { kind, paths: entries.map(([path]) => path), bytes }
}

function sumDownloads(entries: readonly Entry[]): number {
  return entries.reduce((sum, [, asset]) => sum + downloadSize(asset), 0)
}
