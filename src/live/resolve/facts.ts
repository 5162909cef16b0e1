import { type FileScan, scanBytes } from '../../builder/read/scan-files.ts'
import type { TransformingReader } from '../../builder/read/transforming-reader.ts'
import type { Digester } from '../../core/digest.ts'
import { type Fingerprint, fingerprintOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import type { SourceFile } from '../../sources/finder.ts'

/** What the bytes of a file tell. */
export interface FileFacts {
  readonly fingerprint: Fingerprint
  /** Absent for kinds of files that refer to no others. */
  readonly scan?: FileScan
  /** A transform or scanner failed: the file is empty, and its scan says why. */
  readonly isFailed?: true
}

/** Facts keyed by the file as it was found: an edited file is another object. */
export interface FactStore {
  /** @throws FingerpostError `FP_CHANGED` if the file has been edited since it was found */
  of(file: SourceFile): FileFacts
  /** False if a file with unchanged times has other bytes than those known, or what its transforms read has changed. */
  confirm(file: SourceFile): boolean
}

/** What facts are derived with. */
export interface FactsContext {
  readonly reader: Pick<TransformingReader, 'read' | 'isCurrent'>
  readonly digester: Digester
  readonly scanners: readonly Scanner[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface DatedFacts {
  readonly facts: FileFacts
  /** The last edit was long enough before the read for any later edit to have another time. */
  readonly isSettled: boolean
}

/** Derives facts on first use and drops them with their file. */
export function createFactStore({ reader, digester, scanners, now }: FactsContext): FactStore {
  const store = new WeakMap<SourceFile, DatedFacts>()
  const isSettled = ({ mtimeNs }: SourceFile) => now() - Number(mtimeNs / 1_000_000n) > LIMITS.liveSettleMs

  function derive(file: SourceFile): DatedFacts {
    const settled = isSettled(file)
    return { facts: readFacts(file), isSettled: settled }
  }

  function readFacts(file: SourceFile): FileFacts {
    try {
      const bytes = reader.read(file)
      const fingerprint = fingerprintOf(bytes, digester)
      const scanner = findScanner(scanners, file.path)
      return { fingerprint, ...(scanner && { scan: scanBytes(bytes, scanner, file.path) }) }
    } catch (error) {
      if (!(error instanceof FingerpostError && error.code === 'FP_TRANSFORM')) throw error
      const fingerprint = fingerprintOf(Buffer.alloc(0), digester)
      return { fingerprint, scan: failedScan(error), isFailed: true }
    }
  }

  /** undefined for a file that is being edited. */
  function currentDigest(file: SourceFile): string | undefined {
    try {
      return digester.of(reader.read(file))
    } catch (error) {
      if (error instanceof FingerpostError) return undefined
      throw error
    }
  }

  return {
    of(file) {
      const dated = store.get(file) ?? derive(file)
      store.set(file, dated)
      return dated.facts
    },
    confirm(file) {
      const dated = store.get(file)
      if (dated === undefined) return true
      if (dated.facts.isFailed || !reader.isCurrent(file)) return false
      if (dated.isSettled) return true
      const settled = isSettled(file)
      if (currentDigest(file) !== dated.facts.fingerprint.digest) return false
      store.set(file, { ...dated, isSettled: settled })
      return true
    },
  }
}

/** One finding about the whole file. */
function failedScan({ message }: FingerpostError): FileScan {
  const place = { start: 0, end: 0, line: 0, column: 0, written: '' }
  const note = {
    code: 'transform',
    severity: 'error',
    ...place,
    message: `is left empty. ${message}`,
  } as const
  return { references: [], notes: [note] }
}
