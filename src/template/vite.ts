import { readFileSync, statSync } from 'node:fs'
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

/** Vite's manifest as it is on disk, and as it was before the last builds of Vite. */
export interface ViteManifestFile {
  /** Newest first. @throws FingerpostError `FP_MANIFEST` if the file was never readable */
  versions(): readonly ViteManifest[]
}

/** A deploy replaces Vite's output before the build in service, or after it: both manifests are needed meanwhile. */
const VERSIONS_KEPT = 2

/**
 * Opens Vite's manifest for an app that keeps running when Vite builds again. The file is read when it has changed.
 *
 * @param file the path of `.vite/manifest.json`, relative to the working directory
 */
export function openViteManifest(file: string): ViteManifestFile {
  let versions: readonly ViteManifest[] = []
  let readAt: string | undefined
  const read = () => {
    const { mtimeMs, size, ino } = statSync(file)
    const state = `${mtimeMs} ${size} ${ino}`
    if (state === readAt) return
    versions = [JSON.parse(readFileSync(file, 'utf8')) as ViteManifest, ...versions].slice(0, VERSIONS_KEPT)
    readAt = state
  }
  return {
    versions() {
      try {
        read()
      } catch (cause) {
        // Vite empties its output before it writes a new one.
        if (versions.length > 0) return versions
        throw new FingerpostError('FP_MANIFEST', `Vite's manifest ${file} cannot be read.`, {
          remedy: 'Set build.manifest in vite.config.js to true, and build: npx vite build',
          cause,
        })
      }
      return versions
    },
  }
}

/**
 * Tags for an entry of a Vite build, named by its source: its stylesheets and those of its imports, preloads of the
 * imports, and the module itself. Of the versions of a manifest file, the newest whose files are in the build is used.
 *
 * @param prefix the prefix of the source that contains Vite's output: '' or ending with a slash
 */
export function createViteTags(
  helpers: TemplateHelpers,
  manifest: ViteManifest | ViteManifestFile,
  prefix = '',
): (entry: string, options?: TagOptions) => string {
  return (entry, options = {}) => {
    const versions = isFile(manifest) ? manifest.versions() : [manifest]
    let failure: unknown
    for (const version of versions) {
      try {
        return formatTags(entry, options, { helpers, manifest: version, prefix })
      } catch (error) {
        failure ??= error
      }
    }
    throw failure
  }
}

function isFile(manifest: ViteManifest | ViteManifestFile): manifest is ViteManifestFile {
  return typeof manifest['versions'] === 'function'
}

interface ViteBuild {
  readonly helpers: TemplateHelpers
  readonly manifest: ViteManifest
  readonly prefix: string
}

function formatTags(entry: string, options: TagOptions, { helpers, manifest, prefix }: ViteBuild): string {
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
