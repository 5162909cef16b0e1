import { type AssetName, namesIn, replaceAssets } from '../../core/manifest/asset-lines.ts'
import { formatManifest } from '../../core/manifest/format.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { type ImportMapNames, MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { assetsInScope, OutdatedBase } from '../base.ts'
import type { Work } from '../context.ts'
import type { Links } from '../link/link.ts'
import { createProgress } from '../progress.ts'
import { type Name, nameIn } from '../rewrite/name.ts'
import type { Drafts } from '../rewrite/rewrite.ts'
import { changeTally, tallyOutputs } from '../totals.ts'
import { makeAssets } from './assets.ts'
import { carryForward } from './carry-over.ts'
import { type Output, readOutput } from './output.ts'
import { createManifest, manifestDigest, publishManifest } from './publish.ts'
import { type ComingBuild, recordBuild, refuseForeignHistory } from './record.ts'
import { createDryWriter, createWriter, type OutputWriter } from './writer.ts'

/** A build whose every file has its name, before anything is written. */
export interface NamedBuild {
  /** Those that are built; the others are as they were. */
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly links: Links['links']
  readonly names: ReadonlyMap<LogicalPath, Name>
  /** Of every file of the site, in order of path. */
  readonly all: AllNames
  readonly drafts: Drafts
  /** Siblings that sources bring themselves. */
  readonly brought: ReadonlySet<string>
  readonly importMap: ImportMapNames
}

/** Every file of a site with its key and digest. */
export type AllNames = readonly (readonly [LogicalPath, AssetName])[]

/** The names of files that were built, and of all others as the base has them; in order of path. */
export function namesOfAll(names: ReadonlyMap<LogicalPath, Name>, { collection, base }: Work): AllNames {
  const built = (path: LogicalPath): readonly [LogicalPath, AssetName] => {
    const { file, fingerprint } = nameIn(names, path)
    return [path, { file, etag: fingerprint.digest }]
  }
  if (base === undefined) return Array.from(collection.files.keys(), built)
  return Array.from(namesIn(base.manifest), (kept) => (base.scope.has(kept[0]) ? built(kept[0]) : kept))
}

/**
 * Writes what the output lacks, and puts the build in force.
 *
 * @throws OutdatedBase before anything is written, if the output is no longer as the base has it
 */
export async function publishBuild(build: NamedBuild, work: Work) {
  const { base, digester, previous } = work
  const { storage, mode } = work.surroundings
  const output = await readOutput(storage, digester, base)
  if (base !== undefined && !base.isIn(output)) throw new OutdatedBase('the output has changed')
  const coming = { ...comingBuild(build, work), previous: previous?.manifest }
  if (mode === 'dry-run') {
    await refuseForeignHistory(storage)
    const made = await makeBuild(build, coming, createDryWriter(storage, output, digester), work)
    return { ...made, kind: mode, sizes: output.sizes.digest() }
  }
  const present = base === undefined ? output.manifest : { ...base.manifest, assets: assetsInScope(base) }
  const recorded = await recordBuild(storage, present, coming)
  const writer = createWriter(storage, output, digester)
  if (previous !== undefined) await carryForward({ ...work, previous, output, coming: coming.files, writer })
  const made = await makeBuild(build, coming, writer, work)
  const published = await publishManifest(made.manifestBytes, storage, output)
  const written = recorded + made.work.written + published
  const kind = written === 0 ? ('unchanged' as const) : ('built' as const)
  return {
    ...made,
    kind,
    work: { ...made.work, written },
    sizes: await digestSizesAfter(output, writer, work),
  }
}

function comingBuild({ all, files, names }: NamedBuild, { digester, surroundings, base }: Work): ComingBuild {
  const build = { digest: manifestDigest(all, digester), at: surroundings.now() }
  if (base === undefined) return { ...build, files: new Set(all.map(([, { file }]) => file)) }
  const replaces = new Set(Array.from(assetsInScope(base).values(), ({ file }) => file))
  return { ...build, files: new Set(Array.from(files.keys(), (path) => nameIn(names, path).file)), replaces }
}

async function makeBuild(build: NamedBuild, { digest }: ComingBuild, writer: OutputWriter, work: Work) {
  const { config, variants, base } = work
  const { report } = work.surroundings
  const onDone = createProgress(build.files, report)
  const made = await makeAssets({ ...work, ...build, writer, onDone })
  const assets = base === undefined ? made : replaceAssets(base.manifest.assets, made)
  report({ kind: 'step', step: 'publish' })
  const manifest = createManifest(assets, config.url.href, digest, build.importMap)
  const counts = { ...variants.count(), written: writer.count() }
  const manifestBytes = formatManifest(manifest)
  const outputs =
    base === undefined
      ? tallyOutputs(made.values())
      : changeTally(base.outputs, assetsInScope(base).values(), made.values())
  return { manifest, manifestBytes, outputs, work: counts }
}

/** What is in the output now, without listing it again. */
async function digestSizesAfter(output: Output, writer: OutputWriter, { surroundings }: Work) {
  const changed = new Map(writer.sizes())
  for (const key of [MANIFEST_FILE, HISTORY_FILE]) {
    const found = await surroundings.storage.stat(key)
    if (found !== undefined) changed.set(key, found.size)
  }
  return output.sizes.digest(changed)
}
