import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import type { LogicalPath } from '../../core/path.ts'

/** The manifest of Vite 5 and newer, relative to its output folder. */
export const VITE_MANIFEST = '.vite/manifest.json'

/** What Vite built, as its manifest lists it. Paths are relative to its output folder. */
export interface ViteOutput {
  /** The chunks, their stylesheets and their assets. */
  readonly files: readonly LogicalPath[]
  /** By source, static and dynamic entries: see `BundleEntries`. */
  readonly entries: readonly (readonly [source: string, files: readonly LogicalPath[]])[]
  /** With `build.chunkImportMap`: names that chunks request, which are not files, and the files they stand for. */
  readonly aliases: readonly (readonly [name: LogicalPath, file: LogicalPath])[]
}

/**
 * Reads the manifest of Vite's output folder. Undefined without one.
 *
 * @throws FingerpostError `FP_SOURCE` for a manifest that cannot be read
 */
export async function readViteOutput(folder: string): Promise<ViteOutput | undefined> {
  const file = join(folder, VITE_MANIFEST)
  try {
    const chunks = parseChunks(JSON.parse(await readFile(file, 'utf8')))
    const files = [...chunks.values()].flatMap(({ file, css, assets }) => [file, ...css, ...assets])
    const entries = [...chunks].filter(([, { isEntry }]) => isEntry)
    return {
      files,
      entries: entries.map(([source]) => [source, filesOf(source, chunks)]),
      aliases: await readAliases(folder, files),
    }
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) return undefined
    const message = `${file} is not a readable Vite manifest: ${cause instanceof Error ? cause.message : cause}.`
    throw new FingerpostError('FP_SOURCE', message, {
      remedy: 'Run vite build again.',
      details: { file },
      cause,
    })
  }
}

interface Chunk {
  readonly file: string
  readonly css: readonly string[]
  readonly assets: readonly string[]
  /** Keys of the chunks it imports statically. */
  readonly imports: readonly string[]
  readonly isEntry: boolean
}

/** Chunks in any other shape are ignored. */
function parseChunks(manifest: unknown): ReadonlyMap<string, Chunk> {
  const chunks = new Map<string, Chunk>()
  for (const [key, value] of Object.entries(Object(manifest) as Readonly<Record<string, unknown>>)) {
    const { file, css, assets, imports, isEntry, isDynamicEntry } = Object(value) as Record<string, unknown>
    if (typeof file !== 'string') continue
    const lists = { css: namesIn(css), assets: namesIn(assets), imports: namesIn(imports) }
    chunks.set(key, { file, ...lists, isEntry: isEntry === true || isDynamicEntry === true })
  }
  return chunks
}

function namesIn(list: unknown): readonly string[] {
  return [list ?? []].flat().filter((name) => typeof name === 'string')
}

/** Stylesheets of imports come before those of the files that import them, as Vite orders them. */
function filesOf(source: string, chunks: ReadonlyMap<string, Chunk>): readonly LogicalPath[] {
  const keys = new Set([source])
  // The loop also visits what it adds.
  for (const key of keys) for (const next of chunks.get(key)?.imports ?? []) keys.add(next)
  const found = [...keys].flatMap((key) => chunks.get(key) ?? []).reverse()
  const sheets = found.flatMap(({ css }) => css)
  const scripts = found.map(({ file }) => file)
  return [...new Set([...sheets, ...scripts])]
}

/** Reads the import map that Vite leaves beside its manifest. Its URLs begin with Vite's `base`. */
async function readAliases(folder: string, files: readonly LogicalPath[]): Promise<ViteOutput['aliases']> {
  const text = await readFile(join(folder, 'importmap.json'), 'utf8').catch(() => '{}')
  const { imports } = JSON.parse(text) as { readonly imports?: Readonly<Record<string, string>> }
  const urls = Object.entries(imports ?? {})
  const [, first] = urls[0] ?? []
  const known = files.find((file) => first?.endsWith(file))
  if (first === undefined || known === undefined) return []
  const base = first.length - known.length
  return urls.map(([requested, url]) => [requested.slice(base), url.slice(base)])
}
