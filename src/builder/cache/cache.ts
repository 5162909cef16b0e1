import type { Digest, Fingerprint } from '../../core/digest.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { FileScan } from '../read/scan-files.ts'
import type { FinishedMember } from '../rewrite/name.ts'

/**
 * What earlier builds worked out. A value depends only on the bytes in its key, the tool's version and every option
 * that can alter it (law 4); what is damaged is not found.
 */
export interface BuildCache {
  /** Of a file whose stat is unchanged and was old enough to trust when it was kept. */
  findFingerprint(file: SourceFile): Fingerprint | undefined
  keepFingerprint(file: SourceFile, fingerprint: Fingerprint): void
  findScan(key: string): FileScan | undefined
  keepScan(key: string, scan: FileScan): void
  findNames(key: Digest): readonly FinishedMember[] | undefined
  keepNames(key: Digest, members: readonly FinishedMember[]): void
  findVariant(key: string): ManifestVariant | 'unprofitable' | undefined
  /** The bytes of a variant, checked against their digest; undefined if they are gone or damaged. */
  readVariant(key: string): Promise<Buffer | undefined>
  keepVariant(key: string, known: ManifestVariant | 'unprofitable', bytes: Buffer | undefined): Promise<void>
  /** Writes what is new, and makes room. */
  close(): Promise<void>
}

/** A cache that knows nothing and forgets everything: `--no-cache`. */
export function createNoCache(): BuildCache {
  return {
    findFingerprint: () => undefined,
    keepFingerprint: () => undefined,
    findScan: () => undefined,
    keepScan: () => undefined,
    findNames: () => undefined,
    keepNames: () => undefined,
    findVariant: () => undefined,
    readVariant: async () => undefined,
    keepVariant: async () => undefined,
    close: async () => undefined,
  }
}
