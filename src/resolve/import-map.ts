import { FingerpostError } from '../core/error.ts'
import type { ImportMapNames, ManifestAsset } from '../core/manifest/manifest.ts'
import { extensionOf, type LogicalPath } from '../core/path.ts'
import { isModuleKind, splitSuffix } from '../core/reference/reference.ts'
import type { Resolver } from './resolver.ts'

/** An import map as browsers read it (HTML §8.1.5.3). */
export interface ImportMap {
  readonly imports: Readonly<Record<string, string>>
  /** By URL: what lets a browser refuse a module with other bytes. */
  readonly integrity: Readonly<Record<string, string>>
}

/** How an import map is asked for. */
export interface ImportMapOptions {
  /** The page's CSP nonce. */
  readonly nonce?: string
  /**
   * The modules a page starts with: the map then holds what they and the configured specifiers lead to, and nothing
   * else. Default: every module of the build.
   */
  readonly entries?: readonly string[]
}

/** What an import map is made from: a manifest, or the sources as if they were built. */
export interface ImportMapSource {
  readonly importMap?: ImportMapNames | undefined
  readonly assets: {
    has(path: LogicalPath): boolean
    get(path: LogicalPath): Pick<ManifestAsset, 'references'> | undefined
    keys(): Iterable<LogicalPath>
  }
}

/**
 * The import map of a build: the names it was built with, and the integrity of every module.
 *
 * @throws FingerpostError `FP_UNKNOWN_NAME` for an entry the build doesn't have
 */
export function createImportMap(
  source: ImportMapSource,
  resolver: Resolver,
  entries?: readonly string[],
): ImportMap {
  const wanted = entries === undefined ? undefined : closureOf(source, resolver, entries)
  const imports: Record<string, string> = {}
  const integrity: Record<string, string> = {}
  for (const [specifier, name] of source.importMap ?? []) {
    const isUrl = specifier.startsWith('./')
    if (isUrl && wanted !== undefined && !wanted.has(pathOf(name, source))) continue
    imports[isUrl ? resolver.url + specifier.slice(2) : specifier] = resolver.resolve(name)
  }
  for (const path of wanted ?? source.assets.keys()) {
    if (['.js', '.mjs'].includes(extensionOf(path)))
      integrity[resolver.resolve(path)] = resolver.integrity(path)
  }
  return { imports, integrity }
}

/**
 * `<script type="importmap">`, to be put before the first module of a page.
 *
 * @throws FingerpostError `FP_CONFIG` for a nonce that is none (CSP 3 §2.3.1)
 */
export function formatImportMap(map: ImportMap, nonce?: string): string {
  if (nonce !== undefined && !/^[\w+/-]+={0,2}$/.test(nonce)) {
    throw new FingerpostError('FP_CONFIG', `${JSON.stringify(nonce)} is not a nonce.`, {
      remedy: 'Pass the base64 text that stands in the Content-Security-Policy header.',
    })
  }
  const attribute = nonce === undefined ? '' : ` nonce="${nonce}"`
  // Nothing in the JSON may end the element or begin a comment (HTML §13.1.2.1).
  return `<script type="importmap"${attribute}>${JSON.stringify(map).replaceAll('<', '\\u003c')}</script>`
}

/** The entries, the modules of configured specifiers, and everything that those import. */
function closureOf(
  source: ImportMapSource,
  resolver: Resolver,
  entries: readonly string[],
): ReadonlySet<LogicalPath> {
  const specifiers = [...(source.importMap ?? [])].filter(([specifier]) => !specifier.startsWith('./'))
  const found = new Set(entries.map((name) => resolver.describe(name).path))
  for (const [, name] of specifiers) found.add(pathOf(name, source))
  // The set grows while it is walked.
  for (const path of found) {
    for (const { path: target, kind } of source.assets.get(path)?.references ?? []) {
      if (isModuleKind(kind)) found.add(target)
    }
  }
  return found
}

function pathOf(name: string, { assets }: ImportMapSource): LogicalPath {
  return assets.has(name) ? name : splitSuffix(name).specifier
}
