import { LazyMap } from '../lazy.ts'
import type { LogicalPath } from '../path.ts'
import { type Manifest, type ManifestAsset, type ManifestReference, parseAsset } from './manifest.ts'

/** Where in the text of a manifest its assets stand, a line each, exactly as `formatManifest` writes them. */
export interface AssetPlaces {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Where the value of each asset begins, in the order of the text. */
  readonly valuesAt: ReadonlyMap<LogicalPath, number>
}

/** The name of an asset, and the digest of its content. */
export type AssetName = Pick<ManifestAsset, 'file' | 'etag'>

/** Assets that stand in a text and are made when they are asked for; some of them may have been replaced. */
export class AssetLines extends LazyMap<LogicalPath, ManifestAsset, number> {
  readonly #places: AssetPlaces
  readonly #where: string
  readonly #replaced: ReadonlyMap<LogicalPath, ManifestAsset>

  /**
   * @param where names the manifest in messages
   * @param replaced assets that have taken the place of those in the text
   */
  constructor(
    places: AssetPlaces,
    where: string,
    replaced: ReadonlyMap<LogicalPath, ManifestAsset> = new Map(),
  ) {
    super(places.valuesAt, (at, path) => {
      return replaced.get(path) ?? parseAsset(JSON.parse(valueAt(places.text, at)), where, path)
    })
    this.#places = places
    this.#where = where
    this.#replaced = replaced
  }

  /** The same with other assets under paths it has. @throws RangeError for a path it hasn't */
  with(assets: ReadonlyMap<LogicalPath, ManifestAsset>): AssetLines {
    for (const path of assets.keys()) if (!this.has(path)) throw new RangeError(`there is no asset ${path}`)
    return new AssetLines(this.#places, this.#where, new Map([...this.#replaced, ...assets]))
  }

  /** Every path with its name, read from the line: no asset is made. */
  *names(): Generator<readonly [LogicalPath, AssetName]> {
    const { text, valuesAt } = this.#places
    for (const [path, at] of valuesAt) yield [path, this.#replaced.get(path) ?? nameAt(text, at)]
  }

  /** The references of every asset that has any: no asset is made. */
  *references(): Generator<readonly [LogicalPath, readonly ManifestReference[]]> {
    const { text, start, end } = this.#places
    for (
      let at = text.indexOf(REFERENCES, start);
      at !== -1 && at < end;
      at = text.indexOf(REFERENCES, at + 1)
    ) {
      const pathAt = text.lastIndexOf('\n', at) + BEFORE_PATH.length + 1
      const path = text.slice(pathAt, text.indexOf('"', pathAt))
      if (!this.#replaced.has(path)) yield [path, referencesAt(text, at + REFERENCES.length)]
    }
    for (const [path, { references }] of this.#replaced) if (references.length > 0) yield [path, references]
  }

  /**
   * The lines, without the end of the last one: as they stand, and for replaced assets as `format` makes them.
   *
   * @param format a line without its comma and end
   */
  *lines(format: (asset: readonly [LogicalPath, ManifestAsset]) => string): Generator<string> {
    const { text, start, end, valuesAt } = this.#places
    const placeOf = (path: LogicalPath) => valuesAt.get(path) ?? end
    let from = start
    for (const [path, asset] of [...this.#replaced].sort(([a], [b]) => placeOf(a) - placeOf(b))) {
      const at = placeOf(path)
      yield text.slice(from, at - path.length - BEFORE_PATH.length - AFTER_PATH.length)
      yield format([path, asset])
      from = at + valueAt(text, at).length
    }
    yield text.slice(from, end - 1)
  }
}

/** The name of every asset of a manifest. */
export function namesIn({ assets }: Pick<Manifest, 'assets'>): Iterable<readonly [LogicalPath, AssetName]> {
  return assets instanceof AssetLines ? assets.names() : assets
}

/** The references of every asset of a manifest that has any; in no particular order. */
export function* referencesIn({
  assets,
}: Pick<Manifest, 'assets'>): Iterable<readonly [LogicalPath, readonly ManifestReference[]]> {
  if (assets instanceof AssetLines) yield* assets.references()
  else for (const [path, { references }] of assets) if (references.length > 0) yield [path, references]
}

/** These assets, some of them replaced: a path that is new has no place among them. */
export function replaceAssets(
  assets: Manifest['assets'],
  replaced: ReadonlyMap<LogicalPath, ManifestAsset>,
): Manifest['assets'] {
  return assets instanceof AssetLines ? assets.with(replaced) : new Map([...assets, ...replaced])
}

/** What a line has around its path. */
const BEFORE_PATH = '  "'
const AFTER_PATH = '": '

const FILE = '{"file":"'
const ETAG = '"etag":"'
const REFERENCES = '"references":'

function valueAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, text[end - 1] === ',' ? end - 1 : end)
}

/** Nothing in such a line has a quote in it, so that what follows a field's name is the field. */
function nameAt(text: string, at: number): AssetName {
  const fileAt = at + FILE.length
  const fileEnd = text.indexOf('"', fileAt)
  const etagAt = text.indexOf(ETAG, fileEnd) + ETAG.length
  return { file: text.slice(fileAt, fileEnd), etag: text.slice(etagAt, text.indexOf('"', etagAt)) }
}

function referencesAt(text: string, at: number): readonly ManifestReference[] {
  return JSON.parse(valueAt(text, at).slice(0, -'}'.length))
}
