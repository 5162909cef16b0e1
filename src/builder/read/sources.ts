import { setImmediate } from 'node:timers/promises'
import { mapConcurrently } from '../../core/concurrent.ts'
import type { Digester } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Scanner } from '../../scan/scanner.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { BuildCache } from '../cache/cache.ts'
import { createBudget } from '../compress/budget.ts'
import type { HeadStart } from '../compress/eager.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { type FileScan, type FileScans, isEmptyScan, scanBytes, scannableFiles } from './scan-files.ts'
import type { SourceReader } from './source-reader.ts'

/** What looking at sources needs. */
export interface SourceContext {
  readonly reader: SourceReader
  readonly digester: Digester
  readonly cache: BuildCache
  /** Gets the bytes of every file that was read and leaves as it came. */
  readonly headStart: HeadStart
  readonly signal: AbortSignal
}

/** Fingerprints of source bytes, by logical path. */
export type Fingerprints = ReadonlyMap<LogicalPath, Fingerprint>

/** Files under way at once: enough to keep the disk busy. */
const READS_AT_ONCE = 4

/** Reading small files and scanning never leave the thread; without turns no encoder would get its next job. */
const FILES_PER_TURN = 8

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
  files: ReadonlyMap<LogicalPath, SourceFile>,
  scanners: readonly Scanner[],
  context: SourceContext,
): Promise<ScannedSources> {
  const scans = new Map<LogicalPath, FileScan>()
  const fingerprints = new Map<LogicalPath, Fingerprint>()
  let scanned = 0
  const pairs = scannableFiles(files.values(), scanners).map(([file, scanner]) => ({ file, scanner }))
  const results = await mapInTurns(pairs, context, (pair) => scanSource(pair, context))
  for (const { path, fingerprint, scan, isNew } of results) {
    if (!isEmptyScan(scan)) scans.set(path, scan)
    fingerprints.set(path, fingerprint)
    if (isNew) scanned++
  }
  return { scans, fingerprints, scanned }
}

/** Every file's fingerprint; those known already are taken over. */
export async function fingerprintSources(
  files: ReadonlyMap<LogicalPath, SourceFile>,
  known: Fingerprints,
  context: SourceContext,
): Promise<Fingerprints> {
  const fingerprints = new Map(known)
  const unknown: { readonly file: SourceFile }[] = []
  for (const file of files.values()) {
    if (fingerprints.has(file.path)) continue
    const remembered = context.cache.findFingerprint(file)
    if (remembered === undefined) unknown.push({ file })
    else fingerprints.set(file.path, remembered)
  }
  const results = await mapInTurns(unknown, context, async ({ file }) => {
    const { bytes, fingerprint } = await readSource(file, context)
    context.headStart.offer(file.path, fingerprint, bytes)
    return [file.path, fingerprint] as const
  })
  for (const [path, fingerprint] of results) fingerprints.set(path, fingerprint)
  return fingerprints
}

interface ScannableFile {
  readonly file: SourceFile
  readonly scanner: Scanner
}

async function scanSource({ file, scanner }: ScannableFile, context: SourceContext) {
  const { path } = file
  const remembered = context.cache.findFingerprint(file)
  const read = remembered === undefined ? await readSource(file, context) : undefined
  const fingerprint = remembered ?? read?.fingerprint
  if (fingerprint === undefined) throw new RangeError(`${path} has no fingerprint`)
  const key = `${fingerprint.integrity} ${scanner.name} ${scanner.version}`
  const known = context.cache.findScan(key)
  const bytes = read?.bytes ?? (known === undefined ? await context.reader.read(file) : undefined)
  const scan = known ?? scanBytes(bytes ?? NOTHING, scanner)
  if (known === undefined) context.cache.keepScan(key, scan)
  if (bytes !== undefined && isLeaf(path, scan)) context.headStart.offer(path, fingerprint, bytes)
  return { path, fingerprint, scan, isNew: known === undefined }
}

const NOTHING = new Uint8Array()

/** True for a file that will leave as it came, but for surprises: a source map follows the file it is of. */
function isLeaf(path: LogicalPath, { references }: FileScan): boolean {
  return references.length === 0 && !path.endsWith('.map')
}

async function readSource(file: SourceFile, { reader, digester, cache }: SourceContext) {
  const bytes = await reader.read(file)
  const fingerprint = fingerprintOf(bytes, digester)
  cache.keepFingerprint(file, fingerprint)
  return { bytes, fingerprint }
}

/** Looks at some files at a time, bounded in bytes, and gives everything else its turn in between. */
async function mapInTurns<T extends { readonly file: SourceFile }, R>(
  items: readonly T[],
  { signal }: SourceContext,
  look: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  let looked = 0
  return mapConcurrently(items, READS_AT_ONCE, async (item) => {
    signal.throwIfAborted()
    if (++looked % FILES_PER_TURN === 0) await setImmediate()
    return budget.spend(item.file.size, () => look(item))
  })
}
