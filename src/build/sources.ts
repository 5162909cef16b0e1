import { mapConcurrently } from '../core/concurrent.ts'
import type { Digester } from '../core/digest.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Collection, SourceFile } from '../find/finder.ts'
import type { Scanner } from '../scan/scanner.ts'
import type { BuildCache } from './cache.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { type FileScan, type FileScans, scanBytes, scannableFiles } from './scan-files.ts'
import type { SourceReader } from './source-reader.ts'

/** What looking at sources needs. */
export interface SourceContext {
  readonly reader: SourceReader
  readonly digester: Digester
  readonly cache: BuildCache
  readonly signal: AbortSignal
}

/** Fingerprints of source bytes, by logical path. */
export type Fingerprints = ReadonlyMap<LogicalPath, Fingerprint>

/** Files under way at once: enough to keep the disk busy, and few enough to bound what is in memory. */
const READS_AT_ONCE = 4

/** What stands in the files that name others. */
export interface ScannedSources {
  readonly scans: FileScans
  /** Of the files that were scanned. */
  readonly fingerprints: Fingerprints
  /** Files a scanner had to read; the others were remembered. */
  readonly scanned: number
}

/** Scans every file that a scanner accepts. */
export async function scanSources(
  { files }: Collection,
  scanners: readonly Scanner[],
  context: SourceContext,
): Promise<ScannedSources> {
  const scans = new Map<LogicalPath, FileScan>()
  const fingerprints = new Map<LogicalPath, Fingerprint>()
  let scanned = 0
  const results = await mapConcurrently(scannableFiles(files.values(), scanners), READS_AT_ONCE, (pair) =>
    scanSource(...pair, context),
  )
  for (const { path, fingerprint, scan, isNew } of results) {
    scans.set(path, scan)
    fingerprints.set(path, fingerprint)
    if (isNew) scanned++
  }
  return { scans, fingerprints, scanned }
}

/** Every file's fingerprint; those known already are taken over. */
export async function fingerprintSources(
  { files }: Collection,
  known: Fingerprints,
  context: SourceContext,
): Promise<Fingerprints> {
  const fingerprints = new Map(known)
  const unknown: SourceFile[] = []
  for (const file of files.values()) {
    if (fingerprints.has(file.path)) continue
    const remembered = context.cache.findFingerprint(file)
    if (remembered === undefined) unknown.push(file)
    else fingerprints.set(file.path, remembered)
  }
  await mapConcurrently(unknown, READS_AT_ONCE, async (file) => {
    context.signal.throwIfAborted()
    fingerprints.set(file.path, (await readSource(file, context)).fingerprint)
  })
  return fingerprints
}

async function scanSource(file: SourceFile, scanner: Scanner, context: SourceContext) {
  context.signal.throwIfAborted()
  const { path } = file
  const remembered = context.cache.findFingerprint(file)
  const read = remembered === undefined ? await readSource(file, context) : undefined
  const fingerprint = remembered ?? read?.fingerprint
  if (fingerprint === undefined) throw new RangeError(`${path} has no fingerprint`)
  const key = `${fingerprint.integrity} ${scanner.name} ${scanner.version}`
  const known = context.cache.findScan(key)
  if (known !== undefined) return { path, fingerprint, scan: known, isNew: false }
  const scan = scanBytes(read?.bytes ?? (await context.reader.read(file)), scanner)
  context.cache.keepScan(key, scan)
  return { path, fingerprint, scan, isNew: true }
}

async function readSource(file: SourceFile, { reader, digester, cache }: SourceContext) {
  const bytes = await reader.read(file)
  const fingerprint = fingerprintOf(bytes, digester)
  cache.keepFingerprint(file, fingerprint)
  return { bytes, fingerprint }
}
