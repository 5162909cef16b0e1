import { FingerpostError } from '../core/error.ts'
import type { BundleEntries, ManifestAsset, ManifestReference } from '../core/manifest/manifest.ts'
import { nearestNames } from '../core/nearest.ts'
import { encodePath, extensionOf, type LogicalPath } from '../core/path.ts'
import { provesModule, splitSuffix } from '../core/reference/reference.ts'
import { notAFile, notAName } from './unknown-name.ts'

/**
 * Answers for logical paths: from a manifest in production, from the sources in development. Templates use both alike.
 *
 * Every method throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names for a name that does not exist.
 */
export interface Resolver {
  /** The public URL of all files, ending with a slash. */
  readonly url: string
  /** The public URL of a file. A `?query#fragment` after its name is kept. */
  resolve(name: string): string
  /** `sha384-…` of the uncompressed bytes. */
  integrity(name: string): string
  /** Everything a tag needs; a `?query#fragment` is ignored. */
  describe(name: string): ResolvedAsset
  /**
   * Whether a script is known to be an ES module: by its extension, by its content, or, in a build, because another file
   * imports it. Any other script counts as classic.
   */
  isModule(name: string): boolean
  /** The import map of the build; with `entries`, what these modules import. */
  importMap(entries?: readonly string[]): ImportMap
  /** What a page with this entry of Vite loads. @param name its source, as in Vite's manifest: `src/main.js` */
  entry(name: string): PageEntry
}

/** An entry of Vite: in the build, or on Vite's dev server. */
export type PageEntry =
  | {
      readonly kind: 'built'
      /** Stylesheets, what the entry imports, the entry last. */
      readonly files: readonly LogicalPath[]
      /** Whether the modules work only below the import map of the build. */
      readonly needsImportMap: boolean
    }
  | {
      readonly kind: 'dev'
      /** What precedes its sources: the address of the dev server with Vite's `base`. Ends with a slash. */
      readonly url: string
      /** Whether @vitejs/plugin-react needs its preamble. */
      readonly hasReact: boolean
    }

/** An import map as browsers read it (HTML §8.1.5.3). */
export interface ImportMap {
  readonly imports: Readonly<Record<string, string>>
  /** By URL of the folder in whose modules specifiers mean something else. Left out where there are none. */
  readonly scopes?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** By URL. The browser refuses a module with other bytes. */
  readonly integrity: Readonly<Record<string, string>>
}

/** What a page needs to know of a file. */
export interface ResolvedAsset {
  readonly path: LogicalPath
  /** The public URL, without suffix. */
  readonly url: string
  /** The value of Content-Type. */
  readonly type: string
  /** `sha384-…` of the uncompressed bytes. */
  readonly integrity: string
  /** The files it refers to, once per kind, sorted by path, then kind. */
  readonly references: readonly ManifestReference[]
}

/** Where a resolver looks files up. */
export interface AssetLookup {
  has(path: LogicalPath): boolean
  /** @throws FingerpostError `FP_UNKNOWN_NAME` */
  get(path: LogicalPath): Pick<ManifestAsset, 'file' | 'type' | 'integrity' | 'references'>
  /** Whether another file imports it. */
  isImported?(path: LogicalPath): boolean
}

/** The answers about single files. */
export type NameAnswers = Omit<Resolver, 'importMap' | 'entry'>

/** @param url the public URL of all files, ending with a slash */
export function createResolver(url: string, lookup: AssetLookup): NameAnswers {
  const urlOf = ({ file }: Pick<ManifestAsset, 'file'>) => url + encodePath(file)
  return {
    url,
    resolve(name) {
      const path = pathIn(name, lookup)
      return urlOf(lookup.get(path)) + name.slice(path.length)
    },
    integrity: (name) => lookup.get(pathIn(name, lookup)).integrity,
    describe(name) {
      const path = pathIn(name, lookup)
      const asset = lookup.get(path)
      const { type, integrity, references } = asset
      return { path, url: urlOf(asset), type, integrity, references }
    },
    isModule(name) {
      const path = pathIn(name, lookup)
      const { references } = lookup.get(path)
      if (extensionOf(path) === '.mjs' || references.some(({ kind }) => provesModule(kind))) return true
      return lookup.isImported?.(path) ?? false
    },
  }
}

/** The path a name stands for, without suffix. A file name may itself contain `?` or `#`. */
export function pathIn(name: string, files: Pick<AssetLookup, 'has'>): LogicalPath {
  if (typeof name !== 'string') throw notAName(name)
  if (files.has(name)) return name
  const { specifier } = splitSuffix(name)
  if (specifier === '' || specifier.endsWith('/')) throw notAFile(name)
  return specifier
}

/**
 * The files of an entry.
 *
 * @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest entries
 */
export function findEntry(
  name: string,
  entries: BundleEntries,
  { needsImportMap }: { readonly needsImportMap: boolean },
): PageEntry {
  const files = entries.get(name)
  if (files === undefined) throw unknownEntry(name, entries.keys())
  return { kind: 'built', files, needsImportMap }
}

function unknownEntry(name: string, known: Iterable<string>): FingerpostError {
  const nearest = nearestNames(name, known)
  return new FingerpostError('FP_UNKNOWN_NAME', `The build has no Vite entry ${JSON.stringify(name)}.`, {
    remedy:
      nearest.length > 0
        ? `Did you mean ${nearest.join(', ')}?`
        : "Set build.manifest in vite.config.js to true, and list Vite's output as a source. Entries are named by their source: src/main.js",
    details: { name, nearest },
  })
}
