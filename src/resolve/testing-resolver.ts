import { mediaType } from '../core/media-type.ts'
import { asAnything, asText, type OptionTable, parseOptions } from '../core/option.ts'
import { isLogicalPath, type LogicalPath } from '../core/path.ts'
import { collect } from '../sources/collect.ts'
import { createFolderFinder } from '../sources/folder-finder.ts'
import { locateSources, type SourceOption } from '../sources/source.ts'
import { createResolver, type Resolver } from './resolver.ts'
import { unknownName } from './unknown-name.ts'

/** Which names a testing resolver knows. */
export interface TestingOptions {
  /** The public URL of all files. Default `/static/`. */
  readonly url?: string
  /** Folders whose files are known. Default: every name is known. */
  readonly sources?: readonly SourceOption[]
  /** The base of relative sources. Default: the working directory. */
  readonly cwd?: string
}

const TABLE: OptionTable<TestingOptions> = { url: asText, sources: asAnything, cwd: asText }

/** Has the form of an integrity, but is the digest of no file. */
const TESTING_INTEGRITY = `sha384-${'A'.repeat(64)}`

/**
 * A resolver for the tests of an app: without a build and without digests, so that snapshots stay the same. Without
 * `sources` it answers every name; with them an unknown name throws as in production.
 *
 * @throws FingerpostError `FP_SOURCE` for a missing source
 */
export async function createTestingResolver(options: TestingOptions = {}): Promise<Resolver> {
  const given = parseOptions(options, TABLE, "createTestingResolver's options")
  const { url = '/static/', sources, cwd = process.cwd() } = given
  const known = sources && (await listNames(sources, cwd))
  const entries = new Set<string>()
  const resolver = createResolver(url, {
    has: (path) => known?.has(path) ?? false,
    get(path) {
      const isKnown = known === undefined ? isLogicalPath(path) : known.has(path) || entries.has(path)
      if (!isKnown) throw unknownName(path, known ?? new Set(), (nearest) => describeUnknown(path, nearest))
      return { file: path, type: mediaType(path), integrity: TESTING_INTEGRITY, references: [] }
    },
  })
  return {
    ...resolver,
    importMap: () => ({ imports: {}, integrity: {} }),
    // Which entries Vite would build, no source tells.
    entry(name) {
      entries.add(name)
      return { kind: 'built', files: [name], needsImportMap: false }
    },
  }
}

async function listNames(sources: readonly SourceOption[], cwd: string): Promise<ReadonlySet<LogicalPath>> {
  const folders = await locateSources(sources, { cwd })
  const { files } = await collect(folders.map((folder) => createFolderFinder(folder)))
  return new Set(files.keys())
}

function describeUnknown(name: string, nearest: readonly string[]) {
  return {
    message: `No source has ${JSON.stringify(name)}.`,
    remedy: nearest.length > 0 ? `Did you mean ${nearest.join(', ')}?` : 'Names are relative to the sources.',
  }
}
