import type { Fingerprint } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { type Cache, getJson, putJson } from '../cache/cache.ts'

interface KnownFingerprint {
  readonly stat: string
  readonly fingerprint: Fingerprint
}

/** The fingerprint of a file whose stat has not changed since it was kept. */
export function findFingerprint(cache: Cache, file: SourceFile): Fingerprint | undefined {
  const known = getJson<KnownFingerprint>(cache, `file ${file.absolutePath}`)
  return known?.stat === statOf(file) ? known.fingerprint : undefined
}

/** Keeps a fingerprint, unless the file was edited so recently that it may be edited again with the same stat. */
export function keepFingerprint(cache: Cache, file: SourceFile, fingerprint: Fingerprint, now: number): void {
  const { mtimeNs, ctimeNs, absolutePath } = file
  const changedMs = Math.max(Number(mtimeNs), Number(ctimeNs)) / 1e6
  if (now - changedMs <= LIMITS.statTrustSeconds * 1000) return
  putJson(cache, `file ${absolutePath}`, { stat: statOf(file), fingerprint })
}

function statOf({ size, mtimeNs, ctimeNs, inode }: SourceFile): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${inode}`
}
