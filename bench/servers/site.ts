import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MISSING_FILE } from './serve-profiles.ts'

/** A finished build that every server serves. */
export interface BuiltSite {
  /** The folder that holds the build in its folder `static`. */
  readonly www: string
  /** Hashed paths by logical path. */
  readonly files: ReadonlyMap<string, string>
}

/** Reads what the suite needs of a build at `www/static`. */
export async function readSite(www: string): Promise<BuiltSite> {
  const manifest = JSON.parse(await readFile(join(www, 'static', 'manifest.json'), 'utf8')) as {
    readonly assets: Readonly<Record<string, { readonly file: string }>>
  }
  return { www, files: new Map(Object.entries(manifest.assets).map(([path, { file }]) => [path, file])) }
}

/** The URLs of logical paths; the URL of a file that isn't there for none. */
export function urlsOf(site: BuiltSite, paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [`/static/${MISSING_FILE}`]
  return paths.map((path) => {
    const file = site.files.get(path)
    if (file === undefined) throw new Error(`The build has no ${path}.`)
    return `/static/${file}`
  })
}

/** The bytes a client must have after decoding. */
export function bytesOf(site: BuiltSite, url: string): Promise<Buffer> {
  return readFile(join(site.www, url))
}
