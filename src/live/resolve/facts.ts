import { type Fingerprint, fingerprintOf } from '../../builder/read/fingerprint.ts'
import { type FileScan, scanBytes } from '../../builder/read/scan-files.ts'
import type { SourceReader } from '../../builder/read/source-reader.ts'
import type { Digester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import type { SourceFile } from '../../sources/finder.ts'

/** What is known about one file. */
export interface FileFact {
  readonly fingerprint: Fingerprint
  /** Absent for a file that names no others. */
  readonly scan?: FileScan
}

/** What is known about files, by the file as it was found: an edited file is another one. */
export interface FileFacts {
  /** @throws FingerpostError `FP_CHANGED` if the file has been edited since it was found */
  of(file: SourceFile): FileFact
  /** False if the bytes of a file whose stat is unchanged are others than those that are known. */
  confirm(file: SourceFile): boolean
}

/** What facts are worked out with. */
export interface FactsContext {
  readonly reader: SourceReader
  readonly digester: Digester
  readonly scanners: readonly Scanner[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface DatedFact {
  readonly fact: FileFact
  /** The file was read long enough after its last edit for the next edit to have another time. */
  readonly isSettled: boolean
}

/** Facts, worked out when first asked for and forgotten with their file. */
export function createFileFacts({ reader, digester, scanners, now }: FactsContext): FileFacts {
  const facts = new WeakMap<SourceFile, DatedFact>()
  const isSettled = ({ mtimeNs }: SourceFile) => now() - Number(mtimeNs / 1_000_000n) > LIMITS.liveSettleMs

  function work(file: SourceFile): DatedFact {
    const settled = isSettled(file)
    const bytes = reader.readNow(file)
    const fingerprint = fingerprintOf(bytes, digester)
    const scanner = findScanner(scanners, file.path)
    const fact = scanner === undefined ? { fingerprint } : { fingerprint, scan: scanBytes(bytes, scanner) }
    return { fact, isSettled: settled }
  }

  return {
    of(file) {
      const dated = facts.get(file) ?? work(file)
      facts.set(file, dated)
      return dated.fact
    },
    confirm(file) {
      const dated = facts.get(file)
      if (dated === undefined || dated.isSettled) return true
      const settled = isSettled(file)
      if (digestNow(file, reader, digester) !== dated.fact.fingerprint.digest) return false
      facts.set(file, { ...dated, isSettled: settled })
      return true
    },
  }
}

/** undefined for a file that is being edited at this moment. */
function digestNow(file: SourceFile, reader: SourceReader, digester: Digester): string | undefined {
  try {
    return digester.of(reader.readNow(file))
  } catch (error) {
    if (error instanceof FingerpostError) return undefined
    throw error
  }
}
