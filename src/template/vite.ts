import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import type { TagOptions, TemplateHelpers } from './template-functions.ts'

/** What is used of a chunk in `.vite/manifest.json` (Vite 5 and newer). */
export interface ViteChunk {
  readonly file: string
  readonly css?: readonly string[]
  /** Keys of chunks that it imports statically. */
  readonly imports?: readonly string[]
}

/** `.vite/manifest.json`, parsed. */
export type ViteManifest = Readonly<Record<string, ViteChunk>>

/**
 * Tags for entries of a Vite build by the names of their sources: the stylesheets of the entry and of all it imports,
 * preloads of those imports, and the module itself.
 *
 * @param prefix the prefix of the source that is Vite's output; '' or with a slash at its end
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
      // The manifest's imports are complete: looking for them in the graph again would only repeat them.
      helpers.moduleTag(prefix + first.file, { ...options, preload: false }),
    ].join('')
  }
}

/** The chunk and all that it imports, each once; nothing for an entry that isn't there. */
function withImports(entry: string, manifest: ViteManifest): readonly ViteChunk[] {
  const keys = new Set([entry])
  // The set grows while it is walked.
  for (const key of keys) for (const next of manifest[key]?.imports ?? []) keys.add(next)
  return [...keys].flatMap((key) => (Object.hasOwn(manifest, key) ? (manifest[key] ?? []) : []))
}

function unknownEntry(entry: string, manifest: ViteManifest): FingerpostError {
  const nearest = nearestNames(entry, Object.keys(manifest))
  return new FingerpostError('FP_UNKNOWN_NAME', `Vite's manifest has no entry ${JSON.stringify(entry)}.`, {
    remedy:
      nearest.length === 0
        ? 'Entries are named by their source: src/main.js'
        : `Did you mean ${nearest.join(', ')}?`,
    details: { name: entry, nearest },
  })
}
