import { FingerpostError } from '../core/error.ts'
import type { ImportMapNames, ImportMapScopes, ManifestAsset } from '../core/manifest/manifest.ts'
import { encodePath, extensionOf, type LogicalPath, packageFolderOf } from '../core/path.ts'
import { isModuleKind } from '../core/reference/reference.ts'
import { type ImportMap, type NameAnswers, pathIn } from './resolver.ts'

/** What an import map contains. */
export interface ImportMapOptions {
  /** The page's CSP nonce. */
  readonly nonce?: string
  /**
   * The modules a page starts with, by name or by a specifier of the map. The map then contains only what they and the
   * specifiers configured by hand import. Default: every module of the build.
   */
  readonly entries?: readonly string[]
}

/** What an import map is made from: a manifest, or in live mode the sources. */
export interface ImportMapSource {
  readonly importMap?: ImportMapNames
  readonly importMapScopes?: ImportMapScopes
  readonly assets: {
    has(path: LogicalPath): boolean
    get(path: LogicalPath): Pick<ManifestAsset, 'references'> | undefined
    keys(): Iterable<LogicalPath>
  }
}

/**
 * The import map of a build: its configured specifiers, and the integrity of every module.
 *
 * @throws FingerpostError `FP_UNKNOWN_NAME` for an entry that is not in the build
 */
export function createImportMap(
  source: ImportMapSource,
  resolver: NameAnswers,
  entries?: readonly string[],
): ImportMap {
  const wanted = entries === undefined ? undefined : closureOf(source, resolver, entries)
  const integrity: Record<string, string> = {}
  const isWanted = (specifier: string, name: string) => {
    return isByHand(specifier, name) || wanted === undefined || wanted.has(pathIn(name, source.assets))
  }
  const resolveNames = (names: ImportMapNames) => {
    const kept = [...names].filter(([specifier, name]) => isWanted(specifier, name))
    const keyOf = (specifier: string) => specifier.replace(/^\.\//, () => resolver.url)
    return Object.fromEntries(kept.map(([specifier, name]) => [keyOf(specifier), resolver.resolve(name)]))
  }
  const imports = resolveNames(source.importMap ?? new Map())
  const scopes = Array.from(source.importMapScopes ?? [], ([path, names]) => {
    return [resolver.url + encodePath(path), resolveNames(names)] as const
  }).filter(([, names]) => Object.keys(names).length > 0)
  for (const path of wanted ?? source.assets.keys()) {
    if (['.js', '.mjs'].includes(extensionOf(path)))
      integrity[resolver.resolve(path)] = resolver.integrity(path)
  }
  return { imports, ...(scopes.length > 0 && { scopes: Object.fromEntries(scopes) }), integrity }
}

/** False for what a build has found itself, which a page needs only if its modules import it. */
function isByHand(specifier: string, name: string): boolean {
  return !specifier.startsWith('./') && packageFolderOf(name) === undefined
}

/**
 * `<script type="importmap">`, for the head of a page, before its first module.
 *
 * @throws FingerpostError `FP_CONFIG` for an invalid nonce (CSP 3 §2.3.1)
 */
export function formatImportMap(map: ImportMap, nonce?: string): string {
  if (nonce !== undefined && !/^[\w+/-]+={0,2}$/.test(nonce)) {
    throw new FingerpostError('FP_CONFIG', `${JSON.stringify(nonce)} is not a nonce.`, {
      remedy: 'Pass the base64 value from the Content-Security-Policy header.',
    })
  }
  const attribute = nonce === undefined ? '' : ` nonce="${nonce}"`
  return `<script type="importmap"${attribute}>${formatScriptJson(map)}</script>`
}

/** JSON for a `<script>`: nothing in it can end the element or start a comment (HTML §13.1.2.1). */
export function formatScriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** The entries, the modules of configured specifiers, and everything they import. */
function closureOf(
  source: ImportMapSource,
  resolver: NameAnswers,
  entries: readonly string[],
): ReadonlySet<LogicalPath> {
  const { importMap = new Map<string, string>(), assets } = source
  const found = new Set(entries.map((entry) => resolver.describe(importMap.get(entry) ?? entry).path))
  for (const [specifier, name] of importMap) if (isByHand(specifier, name)) found.add(pathIn(name, assets))
  // The loop also visits what it adds.
  for (const path of found) {
    for (const { path: target, kind } of source.assets.get(path)?.references ?? []) {
      if (isModuleKind(kind)) found.add(target)
    }
  }
  return found
}
