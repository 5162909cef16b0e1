import { setImmediate } from 'node:timers/promises'
import { type Digester, type Fingerprint, fingerprintOf } from '../../core/digest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { type Cache, getJson, putJson } from '../cache/cache.ts'
import { findFingerprint, keepFingerprint } from './fingerprints.ts'
import { type FileScan, type FileScans, isEmptyScan, scanBytes } from './scan-files.ts'
import type { TransformingReader } from './transforming-reader.ts'

/** What reading sources needs. */
export interface ReadContext {
  readonly reader: TransformingReader
  readonly digester: Digester
  readonly cache: Cache
  /** Gets the bytes of every file that was read and will not be rewritten. */
  readonly onUnchanged: (path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer) => void
  readonly signal: AbortSignal
}

/** Fingerprints of source bytes, by logical path. */
export type Fingerprints = ReadonlyMap<LogicalPath, Fingerprint>

/** The references of a build's sources. */
export interface ScannedSources {
  readonly scans: FileScans
  /** Of the files that have a scanner. */
  readonly fingerprints: Fingerprints
  /** Files that were scanned; the scans of the others were cached. */
  readonly scanned: number
}

/** Scans every file that has a scanner. */
export async function scanSources(
  files: ReadonlyMap<LogicalPath, SourceFile>,
  scanners: readonly Scanner[],
  context: ReadContext,
): Promise<ScannedSources> {
  const scans = new Map<LogicalPath, FileScan>()
  const fingerprints = new Map<LogicalPath, Fingerprint>()
  let scanned = 0
  await forEachInTurn(files.values(), context.signal, (file) => {
    const scanner = findScanner(scanners, file.path)
    if (scanner === undefined) return
    const { fingerprint, scan, isNew } = scanSource(file, scanner, context)
    fingerprints.set(file.path, fingerprint)
    if (!isEmptyScan(scan)) scans.set(file.path, scan)
    if (isNew) scanned++
  })
  return { scans, fingerprints, scanned }
}

/** The fingerprint of every file, in the order of the files. `known` are taken over. */
export async function fingerprintSources(
  files: ReadonlyMap<LogicalPath, SourceFile>,
  known: Fingerprints,
  context: ReadContext,
): Promise<Fingerprints> {
  const fingerprints = new Map<LogicalPath, Fingerprint>()
  await forEachInTurn(files.values(), context.signal, (file) => {
    const remembered = known.get(file.path) ?? recall(file, context)
    fingerprints.set(file.path, remembered ?? fingerprintSource(file, context))
  })
  return fingerprints
}

/** Reading and scanning never leave the thread: without breaks no finished encoder would get its next job. */
const FILES_PER_TURN = 8

async function forEachInTurn(
  files: Iterable<SourceFile>,
  signal: AbortSignal,
  work: (file: SourceFile) => void,
): Promise<void> {
  let count = 0
  for (const file of files) {
    if (++count % FILES_PER_TURN === 0) await setImmediate()
    signal.throwIfAborted()
    work(file)
  }
}

function scanSource(file: SourceFile, scanner: Scanner, context: ReadContext) {
  const { reader, cache, onUnchanged } = context
  const remembered = recall(file, context)
  const read = remembered === undefined ? readSource(file, context) : undefined
  const fingerprint = remembered ?? read?.fingerprint
  if (fingerprint === undefined) throw new RangeError(`${file.path} has no fingerprint`)
  const key = `scan 3 ${fingerprint.integrity} ${scanner.name} ${scanner.version}`
  const known = getJson<FileScan>(cache, key)
  if (known !== undefined && read === undefined) return { fingerprint, scan: known, isNew: false }
  const bytes = read?.bytes ?? reader.read(file)
  const scan = known ?? scanBytes(bytes, scanner, file.path)
  if (known === undefined) putJson(cache, key, scan)
  if (willStay(file.path, scan)) onUnchanged(file.path, fingerprint, bytes)
  return { fingerprint, scan, isNew: known === undefined }
}

/** Whether a file will probably not be rewritten. A source map changes with the file it belongs to. */
function willStay(path: LogicalPath, { references }: FileScan): boolean {
  return references.length === 0 && !path.endsWith('.map')
}

function fingerprintSource(file: SourceFile, context: ReadContext): Fingerprint {
  const { bytes, fingerprint } = readSource(file, context)
  context.onUnchanged(file.path, fingerprint, bytes)
  return fingerprint
}

/** The stat of a transformed file doesn't tell its content. */
function recall(file: SourceFile, { reader, cache }: ReadContext): Fingerprint | undefined {
  return reader.isTransformed(file) ? undefined : findFingerprint(cache, file)
}

function readSource(file: SourceFile, { reader, digester, cache }: ReadContext) {
  const bytes = reader.read(file)
  const fingerprint = fingerprintOf(bytes, digester)
  if (!reader.isTransformed(file)) keepFingerprint(cache, file, fingerprint, Date.now())
  return { bytes, fingerprint }
}
