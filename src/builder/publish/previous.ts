import { closeSync, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { parseHashedPath } from '../../core/hashed-path.ts'
import { LIMITS } from '../../core/limit.ts'
import { DICTIONARIES_FILE, type Dictionaries, parseDictionaries } from '../../core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../../core/manifest/manifest.ts'
import { encodePath } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { indexTar, readAt } from '../../storage/tar.ts'
import { OWN_FOLDER } from './lock.ts'
import { createVariantDownloads, type PreviousVariant } from './variant-downloads.ts'

/** An earlier build of the site, wherever it is. */
export interface PreviousBuild {
  /** Names it in messages. */
  readonly name: string
  /** What is carried over: from an address, without precompressed variants. */
  readonly manifest: Manifest
  /** All that it promises. */
  readonly assets: Manifest['assets']
  /** Its dictionaries; undefined without. */
  readonly dictionaries: () => Promise<Dictionaries | undefined>
  /**
   * The bytes of one of its files, not checked.
   *
   * @throws FingerpostError `FP_NOT_FOUND`, `FP_MANIFEST` or `FP_DAMAGED`, also if there are more than `maxBytes`
   */
  read(key: string, maxBytes: number): Promise<Buffer>
  /** The same for a variant, encoded. */
  readVariant(variant: PreviousVariant): Promise<Buffer>
  close(): Promise<void>
}

/**
 * Opens the build that `previous` names: the folder of a build, an archive of `fingerpost pack`, or the address of a
 * `manifest.json` beside which the files are.
 *
 * @throws FingerpostError `FP_NOT_FOUND` for a missing build, `FP_MANIFEST` or `FP_DAMAGED` for an unusable one
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
  const manifest = readManifest(await storage.read(MANIFEST_FILE), storage.name)
  const read = (key: string) => storage.read(key)
  return describePrevious(storage.name, manifest, read, async () => undefined)
}

/** A build whose variants are files of their own. */
function describePrevious(
  name: string,
  manifest: Manifest,
  read: PreviousBuild['read'],
  close: PreviousBuild['close'],
): PreviousBuild {
  return {
    ...{ name, manifest, assets: manifest.assets, read, close },
    readVariant: ({ key, promised }) => read(key, promised.size),
    dictionaries: () => readDictionaries(read, name),
  }
}

/** Deltas only save work: where they can't be read, they are made. */
async function readDictionaries(
  read: PreviousBuild['read'],
  name: string,
): Promise<Dictionaries | undefined> {
  try {
    const bytes = await read(DICTIONARIES_FILE, LIMITS.manifestMaxBytes)
    return parseDictionaries(bytes.toString(), `${name}: ${DICTIONARIES_FILE}`)
  } catch (error) {
    if (error instanceof FingerpostError) return undefined
    throw error
  }
}

async function openArchive(path: string): Promise<PreviousBuild> {
  const name = `archive ${path}`
  const file = openSync(path, 'r')
  try {
    const places = indexTar(file, name)
    const read = async (key: string, maxBytes: number) => {
      const place = places.get(key)
      if (place === undefined) throw missing(`${key} in ${name}`)
      if (place.size > maxBytes) throw unusable(name, `${key} has ${place.size} bytes, more than ${maxBytes}`)
      return readAt(file, place, name)
    }
    const manifest = readManifest(await read(MANIFEST_FILE, LIMITS.manifestMaxBytes), name)
    return describePrevious(name, manifest, read, async () => closeSync(file))
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** Carried over are files without variants: not every server tells whether it has them. */
async function openAddress(address: URL): Promise<PreviousBuild> {
  const name = String(address)
  const { assets, ...rest } = readManifest(await download(address, LIMITS.manifestMaxBytes), name)
  const plain = new Map([...assets].map(([path, asset]) => [path, { ...asset, encodings: {} }]))
  const read: PreviousBuild['read'] = (key, maxBytes) => download(new URL(encodePath(key), address), maxBytes)
  const downloads = createVariantDownloads(address)
  const described = describePrevious(name, { ...rest, assets: plain }, read, async () => downloads.close())
  return { ...described, assets, readVariant: downloads.read }
}

/** A manifest that names only files that a build writes: its files are saved under the names it gives. */
function readManifest(bytes: Buffer, where: string): Manifest {
  const manifest = parseManifest(bytes.toString(), where)
  for (const [path, { file }] of manifest.assets) {
    const isHashed = parseHashedPath(file)?.path === path
    const isKept = file === path && !HIDDEN_SEGMENT.test(file) && !OWN_FILES.has(file.toLowerCase())
    const isElsewhere = file.toLowerCase().startsWith(OWN_FOLDER) || UPWARD_SEGMENT.test(file)
    if (isElsewhere || !(isHashed || isKept)) throw unusable(where, `no build writes ${JSON.stringify(file)}`)
  }
  return manifest
}

const OWN_FILES: ReadonlySet<string> = new Set([MANIFEST_FILE, HISTORY_FILE, DICTIONARIES_FILE])

/** A name that a web server or the file system may treat specially, such as `.htaccess`. */
const HIDDEN_SEGMENT = /(?:^|[/\\])\.(?!well-known[/\\])/

/**
 * Only with a backslash: the manifest's parser refuses the others. Windows also takes a colon for the end of a drive or a
 * name, and drops dots and blanks at the end of one.
 */
const UPWARD_SEGMENT = process.platform === 'win32' ? /[\\:]|[. ](?:\/|$)/ : /(?:^|\\)\.\.?(?:\\|$)/

async function download(address: URL, maxBytes: number): Promise<Buffer> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(LIMITS.previousTimeoutMs) })
    if (answer.status === 404 || answer.status === 410) throw missing(String(address))
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of answer.body ?? []) {
      bytes += piece.length
      // Leaving the loop ends the download.
      if (bytes > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  } catch (cause) {
    if (cause instanceof FingerpostError) throw cause
    throw unusable(String(address), cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function unusable(previous: string, reason: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_MANIFEST', `${previous} can't be used as an earlier build: ${reason}.`, {
    remedy: 'Try again, or leave it out.',
    details: { previous },
    cause,
  })
}

function missing(place: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_NOT_FOUND', `The earlier build was not found: ${place}.`, {
    remedy:
      'Name the folder of a build, an archive of fingerpost pack or the URL of a manifest.json. For a first build leave it out.',
    details: { previous: place },
    cause,
  })
}
