import type { HashedPath } from '../core/hashed-path.ts'
import { lazily } from '../core/lazy.ts'
import { type CompiledRule, headersFor } from '../http/header-rules.ts'
import { createResponder, type Responder } from '../http/responder.ts'
import type { Response } from '../http/response.ts'
import { createImportMap, formatImportMap, type ImportMapOptions } from '../resolve/import-map.ts'
import { createManifestResolver } from '../resolve/manifest-resolver.ts'
import type { Resolver } from '../resolve/resolver.ts'
import { findIndex } from './index-file.ts'
import type { LoadedManifest } from './manifest-file.ts'
import type { ServeSettings } from './options.ts'
import { ResponderTable } from './responder-table.ts'

/** One build in service. */
export interface Generation extends LoadedManifest {
  readonly resolver: Resolver
  /** The tag `<script type="importmap">`. */
  importMap(options?: ImportMapOptions): string
  /** By request target, if its name has been asked for before. */
  findTarget(target: string): Responder | undefined
  /** By hashed or logical name. */
  find(name: string): Responder | undefined
  /** By hashed name alone. */
  findHashed(name: string): Responder | undefined
  /** By the hashed name of an earlier build whose files are kept. */
  findRetired(name: string): Responder | undefined
  /** The index file of a folder, or the way to the folder. */
  findIndex(name: string): Responder | Response | undefined
}

/** What makes the answers of a build, whichever build it is. */
export interface GenerationParts {
  readonly settings: ServeSettings
  readonly rules: readonly CompiledRule[]
  /** What URLs in pages begin with. */
  readonly url: string
  /** What request targets begin with, the scope's prefix included. */
  readonly path: string
}

/** Puts a build in service. Nothing is prepared before it is asked for. */
export function createGeneration(
  loaded: LoadedManifest,
  { settings, rules, url, path }: GenerationParts,
): Generation {
  const { manifest } = loaded
  const { headers } = settings
  const resolver = createManifestResolver(manifest, url)
  const wholeMap = lazily(() => createImportMap(manifest, resolver))
  const table = new ResponderTable(path, manifest, (name, hashed) => headersFor(name, hashed, headers, rules))
  const retired = new Map<HashedPath, Responder>()
  return {
    ...loaded,
    resolver,
    importMap: ({ nonce, entries } = {}) =>
      formatImportMap(
        entries === undefined ? wholeMap() : createImportMap(manifest, resolver, entries),
        nonce,
      ),
    findTarget: (target) => table.findTarget(target),
    find: (name) => table.find(name),
    findHashed: (name) => table.findHashed(name),
    findRetired(name) {
      const asset = loaded.retired.get(name)
      if (asset === undefined) return undefined
      const known = retired.get(name)
      if (known !== undefined) return known
      const responder = createResponder(asset, headersFor(asset.path, true, headers, rules))
      retired.set(name, responder)
      return responder
    },
    findIndex(name) {
      const found = findIndex(name, settings, (path) => table.has(path))
      return typeof found === 'string' ? table.find(found) : found
    },
  }
}
