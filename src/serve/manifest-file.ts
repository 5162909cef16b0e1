import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import type { HashedPath } from '../core/hashed-path.ts'
import { LIMITS } from '../core/limit.ts'
import { EMPTY_HISTORY, HISTORY_FILE, parseHistory, type RetiredAsset } from '../core/manifest/history.ts'
import { openManifest } from '../core/manifest/lines.ts'
import { MANIFEST_FILE, type Manifest } from '../core/manifest/manifest.ts'

/** A manifest as it was read, what earlier builds left beside it, and what tells it from another reading. */
export interface LoadedManifest {
  readonly manifest: Manifest
  /** Files of earlier builds that are kept, by hashed path. */
  readonly retired: ReadonlyMap<HashedPath, RetiredAsset>
  /** Why the history couldn't be read: nothing that keeps the current build from being served. */
  readonly historyFault?: FingerpostError
  /** Of the file's text: any difference at all, where the manifest's own digest is of the assets alone. */
  readonly textHash: string
  /** Of the file itself; see {@link signatureOf}. */
  readonly signature: string
}

/**
 * Reads the manifest of a build's folder.
 *
 * @throws FingerpostError `FP_MANIFEST` if it is missing, unreadable, too large or damaged, saying what to run
 */
export async function loadManifest(root: string): Promise<LoadedManifest> {
  const path = join(root, MANIFEST_FILE)
  const { bytes, signature } = await readManifestBytes(path)
  const textHash = createHash('sha256').update(bytes).digest('hex')
  const manifest = openManifest(bytes.toString('utf8'), path)
  // Second: a build that is published in between has written its history first, so that no name falls through.
  return { manifest, textHash, signature, ...(await loadRetired(root)) }
}

async function loadRetired(root: string): Promise<Pick<LoadedManifest, 'retired' | 'historyFault'>> {
  const path = join(root, HISTORY_FILE)
  try {
    return { retired: parseHistory(await readFile(path, 'utf8'), path).retired }
  } catch (error) {
    const { retired } = EMPTY_HISTORY
    return error instanceof FingerpostError ? { retired, historyFault: error } : { retired }
  }
}

/** What a file's stat tells of it: another file, or the same one written again, has another. */
export function signatureOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino}:${mtimeNs}:${size}`
}

async function readManifestBytes(
  path: string,
): Promise<{ readonly bytes: Buffer; readonly signature: string }> {
  try {
    const handle = await open(path)
    try {
      const stats = await handle.stat({ bigint: true })
      if (stats.size > LIMITS.manifestMaxBytes)
        throw unusable(path, `it has more than ${LIMITS.manifestMaxBytes} bytes`)
      return { bytes: await handle.readFile(), signature: signatureOf(stats) }
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof FingerpostError) throw cause
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw unusable(path, 'it does not exist', cause)
    throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function unusable(path: string, fault: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_MANIFEST', `The manifest ${path} can't be read: ${fault}.`, {
    remedy:
      'Build first: fingerpost build --out <this folder>. Or name the folder of a build with the option root.',
    details: { manifest: path },
    cause,
  })
}
