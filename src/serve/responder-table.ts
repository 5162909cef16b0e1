import { findPathOf, type HashedPath } from '../core/hashed-path.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import { type AssetHeaders, createResponder, type Responder } from '../http/responder.ts'

/** A name that stands in a request target as it is. With a percent sign in it, it would be read there as another one. */
const PLAIN_NAME = /^[^%?#;]+$/

/**
 * Every name of a build with its responder. A responder is made when it is first asked for: a server starts as fast
 * with 10,000 assets as with ten, and pays for those that visitors want. From then on a name is one lookup.
 */
export class ResponderTable {
  readonly #responders = new Map<LogicalPath | HashedPath, Responder>()
  /** The same by request target, for names that were asked for before. */
  readonly #targets = new Map<string, Responder>()
  readonly #path: string
  readonly #assets: Manifest['assets']
  readonly #headersFor: (path: LogicalPath, hashed: boolean) => AssetHeaders

  /** @param path what request targets begin with */
  constructor(
    path: string,
    { assets }: Manifest,
    headersFor: (path: LogicalPath, hashed: boolean) => AssetHeaders,
  ) {
    this.#path = path
    this.#assets = assets
    this.#headersFor = headersFor
  }

  /**
   * The responder of a request target that has been looked up by its name before, and is spelled the same way. Nothing
   * is cut, decoded or joined for it.
   */
  findTarget(target: string): Responder | undefined {
    return this.#targets.get(target)
  }

  /** The responder of a decoded name, hashed or logical; undefined if the build doesn't have it. */
  find(name: string): Responder | undefined {
    return this.#responders.get(name) ?? this.findHashed(name) ?? this.#findLogical(name)
  }

  /** The same for hashed names alone: of an earlier build nothing else is kept. */
  findHashed(name: string): Responder | undefined {
    const path = findPathOf(name, this.#assets)
    const asset = path === undefined ? undefined : this.#assets.get(path)
    if (path === undefined || asset === undefined) return undefined
    return this.#responders.get(name) ?? this.#remember(name, asset, this.#headersFor(path, true))
  }

  /** True for a logical path of the build. */
  has(path: LogicalPath): boolean {
    return this.#assets.has(path)
  }

  #findLogical(path: string): Responder | undefined {
    const asset = this.#assets.get(path)
    return asset === undefined ? undefined : this.#remember(path, asset, this.#headersFor(path, false))
  }

  #remember(name: string, asset: ManifestAsset, headers: AssetHeaders): Responder {
    const responder = createResponder(asset, headers)
    this.#responders.set(name, responder)
    if (PLAIN_NAME.test(name)) this.#targets.set(this.#path + name, responder)
    return responder
  }
}
