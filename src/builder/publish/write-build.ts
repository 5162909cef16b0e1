import type { Digester } from '../../core/digest.ts'
import { VARIANT_ENCODINGS } from '../../core/encoding.ts'
import { DICTIONARIES_FILE, type Dictionaries } from '../../core/manifest/dictionaries.ts'
import { formatManifest } from '../../core/manifest/format.ts'
import { HISTORY_FILE, type History } from '../../core/manifest/history.ts'
import {
  MANIFEST_FILE,
  MANIFEST_VERSION,
  type Manifest,
  type ManifestAsset,
} from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { canMakeDeltas } from '../compress/delta.ts'
import type { BuildContext } from '../context.ts'
import type { BuildReport, OutputTotals } from '../report.ts'
import { type Compression, makeAssets, type NamedSite } from './assets.ts'
import { carryOver } from './carry-over.ts'
import { makeDeltas, sumDeltas } from './deltas.ts'
import { readDictionaries, saveDictionaries } from './dictionaries.ts'
import { withLock } from './lock.ts'
import { type OutputState, readOutput } from './output.ts'
import type { PreviousBuild } from './previous.ts'
import { type ComingBuild, recordBuild, refuseForeignHistory } from './record.ts'
import { createWriter, type OutputWriter } from './writer.ts'

/** What writing a build needs. */
export interface WriteContext extends BuildContext {
  readonly digester: Digester
  readonly compression: Compression
  /** Its files are added to the output. */
  readonly previous: PreviousBuild | undefined
  /** Cancels compression that hasn't started. */
  readonly abort: (reason: unknown) => void
}

/** A build that is in force, or would be. */
export interface WrittenBuild extends Pick<BuildReport, 'kind' | 'manifest' | 'outputs' | 'deltas'> {
  /** Files written. */
  readonly written: number
  readonly manifestBytes: Buffer
  /** See {@link OutputState.sizes}. */
  readonly sizes: ReadonlyMap<string, number>
}

/** Writes what the output lacks, the manifest last: with it the build is in force. */
export async function writeBuild(site: NamedSite, context: WriteContext): Promise<WrittenBuild> {
  const { storage, mode } = context
  if (mode === 'dry-run') return writeDry(site, context)
  return withLock(storage, context, () => writeLocked(site, context))
}

async function writeDry(site: NamedSite, context: WriteContext): Promise<WrittenBuild> {
  const { storage, digester, mode } = context
  const output = await readOutput(storage)
  await refuseForeignHistory(storage)
  const writer = createWriter({ storage, output, digester, mode })
  const made = await makeBuild(site, describeComing(site, context), writer, context)
  const { size: written } = writer.written()
  return { ...made, kind: 'dry-run', deltas: undefined, written, sizes: output.sizes }
}

async function writeLocked(site: NamedSite, context: WriteContext): Promise<WrittenBuild> {
  const { storage, digester, mode, previous, signal } = context
  const output = await readOutput(storage)
  const coming = describeComing(site, context)
  const { history, written: recorded } = await recordBuild(storage, output.manifest, coming)
  const writer = createWriter({ storage, output, digester, mode })
  if (previous !== undefined) {
    await carryOver({ previous, output, coming: coming.files, writer, digester, signal })
  }
  const made = await makeBuild(site, coming, writer, context)
  const dictionaries = await makeDictionaries(made.manifest, { history, output, writer }, context)
  const noted = await saveDictionaries(storage, dictionaries)
  // A server looks at the manifest alone to see that there is something new.
  const published = await putInForce(made.manifestBytes, storage, output, noted > 0)
  const written = recorded + writer.written().size + noted + published
  const sizes = await sizesNow(output, writer, storage)
  const deltas = dictionaries && sumDeltas(made.manifest.assets, dictionaries)
  return { ...made, kind: written === 0 ? 'unchanged' : 'built', deltas, written, sizes }
}

function describeComing({ names }: NamedSite, { digester, now, previous }: WriteContext): ComingBuild {
  // The digest covers paths, names and contents of all assets, and no encoder settings.
  const fields: string[] = []
  for (const [path, { file, fingerprint }] of names) fields.push(path, file, fingerprint.digest)
  const files = new Set(Array.from(names.values(), ({ file }) => file))
  return { digest: digester.ofFields(fields), at: now(), files, previous: previous?.manifest }
}

async function makeBuild(
  site: NamedSite,
  { digest }: ComingBuild,
  writer: OutputWriter,
  context: WriteContext,
) {
  const { config, report, digester, compression, signal, abort } = context
  const onDone = trackProgress(site, report)
  const assets = await makeAssets(site, { digester, compression, writer, signal, abort, onDone })
  report({ kind: 'step', step: 'publish' })
  const { importMap, importMapScopes } = site.importMap
  const manifest: Manifest = {
    ...{ version: MANIFEST_VERSION, url: config.url.href, digest, assets },
    ...(importMap.size > 0 && { importMap }),
    ...(importMapScopes.size > 0 && { importMapScopes }),
    ...(site.entries.size > 0 && { entries: site.entries }),
  }
  return { manifest, manifestBytes: formatManifest(manifest), outputs: sumOutputs(assets.values()) }
}

/** Undefined unless there shall be dictionaries and this runtime can make deltas. */
async function makeDictionaries(
  { assets }: Manifest,
  parts: { readonly history: History; readonly output: OutputState; readonly writer: OutputWriter },
  { config, storage, compression, previous, digester, signal }: WriteContext,
): Promise<Dictionaries | undefined> {
  const known = await readDictionaries(storage)
  if (config.dictionaries === false) return undefined
  const encodings = config.dictionaries.encodings.filter(canMakeDeltas)
  if (encodings.length === 0) return undefined
  const { variants } = compression
  const { sizes } = parts.output
  return makeDeltas(assets, {
    ...{ storage, variants, previous, digester, signal, known, ...parts },
    settings: { ...config.dictionaries, encodings },
    isThere: (key, size) => sizes.get(key) === size,
  })
}

function trackProgress(
  { files }: NamedSite,
  report: BuildContext['report'],
): (file: { size: number }) => void {
  let totalBytes = 0
  for (const file of files.values()) totalBytes += file.size
  let done = 0
  let bytes = 0
  const tell = () => report({ kind: 'progress', step: 'encode', done, total: files.size, bytes, totalBytes })
  report({ kind: 'step', step: 'encode' })
  tell()
  return ({ size }) => {
    done++
    bytes += size
    tell()
  }
}

/**
 * Saves the manifest unless it is there already.
 *
 * @param anew saves it anyway
 * @returns files written
 */
async function putInForce(
  bytes: Buffer,
  storage: Storage,
  output: OutputState,
  anew: boolean,
): Promise<number> {
  // Compared with what is there now: the writer may have retracted promises.
  const hasSameSize = output.sizes.get(MANIFEST_FILE) === bytes.length
  if (!anew && hasSameSize && bytes.equals(await storage.read(MANIFEST_FILE))) return 0
  await storage.save(MANIFEST_FILE, bytes, { overwrite: true })
  return 1
}

/** The sizes of all files in the output now, without listing it again. */
async function sizesNow(output: OutputState, writer: OutputWriter, storage: Storage) {
  const sizes = new Map([...output.sizes, ...writer.written()])
  for (const key of [MANIFEST_FILE, HISTORY_FILE, DICTIONARIES_FILE]) {
    const found = await storage.stat(key)
    if (found === undefined) sizes.delete(key)
    else sizes.set(key, found.size)
  }
  return sizes
}

/** Sums sizes by encoding. */
export function sumOutputs(assets: Iterable<ManifestAsset>): BuildReport['outputs'] {
  const none = (): Writable<OutputTotals> => ({ files: 0, bytes: 0, identityBytes: 0 })
  const totals = { identity: none(), br: none(), zstd: none(), gzip: none() }
  for (const asset of assets) {
    for (const encoding of VARIANT_ENCODINGS) {
      const variant = encoding === 'identity' ? asset : asset.encodings[encoding]
      if (variant === undefined) continue
      totals[encoding].files++
      totals[encoding].bytes += variant.size
      totals[encoding].identityBytes += asset.size
    }
  }
  return totals
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
