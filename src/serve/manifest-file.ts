import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../core/manifest.ts'

/**
 * Reads the manifest of a build's folder.
 *
 * @throws FingerpostError `FP_MANIFEST` if it is missing, unreadable, too large or damaged, saying what to run
 */
export async function loadManifest(root: string): Promise<Manifest> {
  const path = join(root, MANIFEST_FILE)
  return parseManifest(await readManifestText(path), path)
}

async function readManifestText(path: string): Promise<string> {
  try {
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      if (size > LIMITS.manifestMaxBytes)
        throw unusable(path, `it has more than ${LIMITS.manifestMaxBytes} bytes`)
      return await handle.readFile('utf8')
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
