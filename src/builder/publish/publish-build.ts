import { formatManifest } from '../../core/manifest/format.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { type ImportMapNames, MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { Work } from '../context.ts'
import type { Links } from '../link/link.ts'
import { createProgress } from '../progress.ts'
import type { Name } from '../rewrite/name.ts'
import type { Drafts } from '../rewrite/rewrite.ts'
import { tallyOutputs } from '../totals.ts'
import { makeAssets } from './assets.ts'
import { carryForward } from './carry-over.ts'
import { type Output, readOutput } from './output.ts'
import { createManifest, manifestDigest, publishManifest } from './publish.ts'
import { type ComingBuild, recordBuild, refuseForeignHistory } from './record.ts'
import { createDryWriter, createWriter, type OutputWriter } from './writer.ts'

/** A build whose every file has its name, before anything is written. */
export interface NamedBuild {
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly links: Links['links']
  readonly names: ReadonlyMap<LogicalPath, Name>
  /** The same in order of path. */
  readonly all: readonly (readonly [LogicalPath, Name])[]
  readonly drafts: Drafts
  /** Siblings that sources bring themselves. */
  readonly brought: ReadonlySet<string>
  readonly importMap: ImportMapNames
}

/** Writes what the output lacks, and puts the build in force. */
export async function publishBuild(build: NamedBuild, work: Work) {
  const { digester, previous } = work
  const { storage, mode } = work.surroundings
  const output = await readOutput(storage, digester)
  const coming = { ...comingBuild(build, work), previous: previous?.manifest }
  if (mode === 'dry-run') {
    await refuseForeignHistory(storage)
    const made = await makeBuild(build, coming, createDryWriter(storage, output, digester), work)
    return { ...made, kind: mode, sizes: output.sizes.digest() }
  }
  const recorded = await recordBuild(storage, output.manifest, coming)
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

function comingBuild({ all }: NamedBuild, { digester, surroundings }: Work): ComingBuild {
  const files = new Set(all.map(([, { file }]) => file))
  return { digest: manifestDigest(all, digester), at: surroundings.now(), files }
}

async function makeBuild(build: NamedBuild, { digest }: ComingBuild, writer: OutputWriter, work: Work) {
  const { config, variants, surroundings } = work
  const onDone = createProgress(build.files, surroundings.report)
  const assets = await makeAssets({ ...work, ...build, writer, onDone })
  surroundings.report({ kind: 'step', step: 'publish' })
  const manifest = createManifest(assets, config.url.href, digest, build.importMap)
  const counts = { ...variants.count(), written: writer.count() }
  return {
    manifest,
    manifestBytes: formatManifest(manifest),
    outputs: tallyOutputs(assets.values()),
    work: counts,
  }
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
