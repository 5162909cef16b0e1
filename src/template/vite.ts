import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import type { TagOptions, TemplateHelpers } from './template-functions.ts'

/** The part of a chunk in `.vite/manifest.json` that is used (Vite 5 and newer). */
export interface ViteChunk {
  readonly file: string
  readonly css?: readonly string[]
  /** Keys of the chunks it imports statically. */
  readonly imports?: readonly string[]
}

/** `.vite/manifest.json`, parsed. */
export type ViteManifest = Readonly<Record<string, ViteChunk>>

/**
 * Tags for an entry of a Vite build, named by its source: its stylesheets and those of its imports, preloads of the
 * imports, and the module itself.
 *
 * @param prefix the prefix of the source that contains Vite's output: '' or ending with a slash
 */
export function createViteTags(
  helpers: TemplateHelpers,
  manifest: ViteManifest,
  prefix = '',
): (entry: string, options?: TagOptions) => string {
  return (entry, options = {}) => {
    const chunks = withImports(entry, manifest)
    const [first, ...imported] = chunks
    if (first === undefined) throw unknownEntry(entry, manifest)
    const sheets = new Set([...chunks].reverse().flatMap(({ css = [] }) => css))
    const { nonce } = options
    return [
      ...[...sheets].map((file) => helpers.stylesheetTag(prefix + file, { nonce })),
      ...imported.map(({ file }) => helpers.preloadTag(prefix + file, { as: 'module', nonce })),
      // The manifest lists all imports, so the module tag need not preload them again.
      helpers.moduleTag(prefix + first.file, { ...options, preload: false }),
    ].join('')
  }
}

/** The chunk and everything it imports, each once. Empty for an unknown entry. */
function withImports(entry: string, manifest: ViteManifest): readonly ViteChunk[] {
  const keys = new Set([entry])
  // The loop also visits what it adds.
  for (const key of keys) for (const next of manifest[key]?.imports ?? []) keys.add(next)
  return [...keys].flatMap((key) => (Object.hasOwn(manifest, key) ? (manifest[key] ?? []) : []))
}

function unknownEntry(entry: string, manifest: ViteManifest): FingerpostError {
  const nearest = nearestNames(entry, Object.keys(manifest))
  return new FingerpostError('FP_UNKNOWN_NAME', `Vite's manifest has no entry ${JSON.stringify(entry)}.`, {
    remedy:
      nearest.length === 0
        ? 'Entries are named by their source, for example src/main.js.'
        : `Did you mean ${nearest.join(', ')}?`,
    details: { name: entry, nearest },
  })
}
