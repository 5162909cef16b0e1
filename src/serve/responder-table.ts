import type { HashedPath } from '../core/hashed-path.ts'
import type { Manifest, ManifestAsset } from '../core/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import { type AssetHeaders, createResponder, type Responder } from './responder.ts'

interface Entry {
  readonly path: LogicalPath
  readonly asset: ManifestAsset
  hashed?: Responder
  logical?: Responder
}

/**
 * Every name of a build with its responder. A responder is made when it is first asked for: a server starts as fast
 * with 10,000 assets as with ten, and pays for those that visitors want.
 */
export class ResponderTable {
  readonly #entries = new Map<LogicalPath | HashedPath, Entry>()
  readonly #headersFor: (path: LogicalPath, hashed: boolean) => AssetHeaders

  constructor(manifest: Manifest, headers: (path: LogicalPath, hashed: boolean) => AssetHeaders) {
    this.#headersFor = headers
    const entries = this.#entries
    for (const [path, asset] of manifest.assets) entries.set(path, { path, asset })
    // Hashed names second: should a logical path look like one, the promise of the hashed name is the stronger.
    for (const [path, asset] of manifest.assets) entries.set(asset.file, entries.get(path) ?? { path, asset })
  }

  /** The responder of a decoded name, hashed or logical; undefined if the build doesn't have it. */
  find(name: string): Responder | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    return name === entry.asset.file ? this.#hashedOf(entry) : this.#logicalOf(entry)
  }

  /** The same for hashed names alone: of an earlier build nothing else is kept. */
  findHashed(name: string): Responder | undefined {
    const entry = this.#entries.get(name)
    return entry !== undefined && name === entry.asset.file ? this.#hashedOf(entry) : undefined
  }

  /** True for a logical path of the build. */
  has(path: LogicalPath): boolean {
    return this.#entries.has(path)
  }

  #hashedOf(entry: Entry): Responder {
    entry.hashed ??= createResponder(entry.asset, this.#headersFor(entry.path, true))
    return entry.hashed
  }

  #logicalOf(entry: Entry): Responder {
    entry.logical ??= createResponder(entry.asset, this.#headersFor(entry.path, false))
    return entry.logical
  }
}
