import { FingerpostError } from '../core/error.ts'
import { mediaType } from '../core/media-type.ts'
import { nearestNames } from '../core/nearest.ts'
import { encodePath, isLogicalPath } from '../core/path.ts'
import { splitSuffix } from '../core/reference/reference.ts'
import { collect } from '../sources/collect.ts'
import { createFolderFinder } from '../sources/folder-finder.ts'
import { locateSources, type SourceOption } from '../sources/source.ts'
import { isModuleAlone } from './module-kind.ts'
import type { Resolver } from './resolver.ts'

/** Which names a testing resolver knows. */
export interface TestingOptions {
  /** What URLs begin with. Default `/static/`. */
  readonly url?: string
  /** Only the files of these folders are known; without it every name is. */
  readonly sources?: readonly SourceOption[]
  /** Where relative sources start. Default: the process's working directory. */
  readonly cwd?: string
}

/** An integrity that is one by its looks: of no bytes at all. */
const TESTING_INTEGRITY = `sha384-${'A'.repeat(64)}`

/**
 * A resolver for the tests of an app: no build, no digests, so that snapshots stay what they are. Without `sources` it
 * answers every name; with them an unknown one throws as in production.
 *
 * @throws FingerpostError `FP_SOURCE` for a source that is missing
 */
export async function createTestingResolver(options: TestingOptions = {}): Promise<Resolver> {
  const { url = '/static/', sources, cwd = process.cwd() } = options
  const known = sources === undefined ? undefined : await listNames(sources, cwd)
  const pathOf = (name: string): string => {
    const path = known?.has(name) ? name : splitSuffix(name).specifier
    if (known === undefined ? isLogicalPath(path) : known.has(path)) return path
    const nearest = nearestNames(path, known ?? [])
    const remedy =
      nearest.length === 0 ? 'Names are relative to the sources.' : `Did you mean ${nearest.join(', ')}?`
    throw new FingerpostError('FP_UNKNOWN_NAME', `No source has ${JSON.stringify(name)}.`, {
      remedy,
      details: { name, nearest },
    })
  }
  return {
    url,
    resolve(name) {
      const path = pathOf(name)
      return url + encodePath(path) + name.slice(path.length)
    },
    integrity(name) {
      pathOf(name)
      return TESTING_INTEGRITY
    },
    describe(name) {
      const path = pathOf(name)
      const type = mediaType(path)
      return { path, url: url + encodePath(path), type, integrity: TESTING_INTEGRITY, references: [] }
    },
    isModule: (name) => isModuleAlone(pathOf(name), []),
  }
}

async function listNames(sources: readonly SourceOption[], cwd: string): Promise<ReadonlySet<string>> {
  const folders = await locateSources(sources, { cwd })
  const { files } = await collect(folders.map((folder) => createFolderFinder(folder)))
  return new Set(files.keys())
}
