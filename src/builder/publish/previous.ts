import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../../core/manifest/manifest.ts'
import { encodePath } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { indexTar, readAt } from '../../storage/tar.ts'

/** An earlier build of the site, wherever it is. */
export interface PreviousBuild {
  /** Names it in messages. */
  readonly name: string
  /** What can be had of it: from an address, the files without their siblings. */
  readonly manifest: Manifest
  /**
   * Bytes of one of its files, not checked.
   *
   * @param maxBytes what more arrives from another server isn't waited for
   * @throws FingerpostError `FP_NOT_FOUND`, `FP_MANIFEST`
   */
  read(key: string, maxBytes: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens the build that `previous` names: the folder of a build, an archive of `fingerpost pack`, or the address of a
 * `manifest.json` beside which the files are.
 *
 * @throws FingerpostError `FP_NOT_FOUND` if there is none, `FP_MANIFEST` or `FP_DAMAGED` if it can't be read
 */
export async function openPrevious(place: string, cwd: string): Promise<PreviousBuild> {
  if (/^https?:\/\//i.test(place)) return openAddress(new URL(place))
  const path = resolve(cwd, place)
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) throw missing(path, error)
    throw error
  })
  return found.isDirectory() ? openFolder(path) : openArchive(path)
}

async function openFolder(root: string): Promise<PreviousBuild> {
  const storage = createFilesystemStorage({ root })
  if ((await storage.stat(MANIFEST_FILE)) === undefined) throw missing(`${root}/${MANIFEST_FILE}`)
  const manifest = parseManifest((await storage.read(MANIFEST_FILE)).toString(), storage.name)
  return { name: storage.name, manifest, read: (key) => storage.read(key), close: async () => undefined }
}

async function openArchive(path: string): Promise<PreviousBuild> {
  const name = `archive ${path}`
  const file = await open(path)
  try {
    const places = await indexTar(file, name)
    const read = async (key: string) => {
      const place = places.get(key)
      if (place === undefined) throw missing(`${key} in ${name}`)
      return readAt(file, place, name)
    }
    const manifest = parseManifest((await read(MANIFEST_FILE)).toString(), name)
    return { name, manifest, read, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Siblings stay behind: servers send them as an encoding of their file, and `fetch` would decode them. */
async function openAddress(address: URL): Promise<PreviousBuild> {
  const name = String(address)
  const { assets, ...rest } = parseManifest(
    (await download(address, LIMITS.manifestMaxBytes)).toString(),
    name,
  )
  const plain = new Map([...assets].map(([path, asset]) => [path, { ...asset, encodings: {} }]))
  return {
    name,
    manifest: { ...rest, assets: plain },
    read: (key, maxBytes) => download(new URL(encodePath(key), address), maxBytes),
    close: async () => undefined,
  }
}

async function download(address: URL, maxBytes: number): Promise<Buffer> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(LIMITS.previousTimeoutMs) })
    if (answer.status === 404 || answer.status === 410) throw missing(String(address))
    if (!answer.ok) throw new Error(`the server answers ${answer.status}`)
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of answer.body ?? []) {
      bytes += piece.length
      // Leaving the loop ends the download.
      if (bytes > maxBytes) throw new Error(`it has more than the ${maxBytes} bytes it may have`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  } catch (cause) {
    if (cause instanceof FingerpostError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_MANIFEST', `${address} can't be read: ${reason}.`, {
      remedy: 'Nothing was published. Try again, or build without --previous.',
      details: { previous: String(address) },
      cause,
    })
  }
}

function missing(place: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_NOT_FOUND', `The previous build isn't there: ${place}.`, {
    remedy: 'For the first build of all leave --previous out. Nothing was published.',
    details: { previous: place },
    cause,
  })
}
