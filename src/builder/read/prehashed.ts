import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import picomatch from 'picomatch'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Collection, SourceFolder } from '../../sources/finder.ts'

/** The manifest of Vite 5 and newer, relative to its output folder. */
export const VITE_MANIFEST = '.vite/manifest.json'

/**
 * The files that a bundler has hashed, which keep their names and bytes: those that match a glob, and those listed by a
 * Vite manifest at the top of a source. A glob without a slash matches names in any folder.
 *
 * @throws FingerpostError `FP_SOURCE` for a Vite manifest that can't be read
 */
export async function findPrehashed(
  { files }: Collection,
  globs: readonly string[],
): Promise<ReadonlySet<LogicalPath>> {
  const matches = globs.map((glob) => picomatch(glob, { dot: true, basename: !glob.includes('/') }))
  const found = new Set<LogicalPath>()
  const sources = new Set<SourceFolder>()
  for (const { path, source } of files.values()) {
    sources.add(source)
    if (matches.some((match) => match(path))) found.add(path)
  }
  for (const source of sources) {
    for (const name of await readViteManifest(source.folder)) {
      if (files.get(source.prefix + name)?.source === source) found.add(source.prefix + name)
    }
  }
  return found
}

async function readViteManifest(folder: string): Promise<readonly string[]> {
  const file = join(folder, VITE_MANIFEST)
  try {
    return filesIn(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) return []
    const message = `${file} is not a readable Vite manifest: ${cause instanceof Error ? cause.message : cause}.`
    throw new FingerpostError('FP_SOURCE', message, {
      remedy: 'Run vite build again.',
      details: { file },
      cause,
    })
  }
}

/** The chunks of a manifest, their stylesheets and their assets. */
function filesIn(manifest: unknown): readonly string[] {
  if (typeof manifest !== 'object' || manifest === null) return []
  const chunks = Object.values(manifest) as readonly unknown[]
  return chunks.flatMap((chunk) => {
    if (typeof chunk !== 'object' || chunk === null) return []
    const { file, css = [], assets = [] } = chunk as Readonly<Record<string, unknown>>
    return [file, css, assets].flat().filter((name) => typeof name === 'string')
  })
}
