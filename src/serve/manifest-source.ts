import { createHash } from 'node:crypto'
import { type BigIntStats, readdirSync } from 'node:fs'
import { open, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import type { HashedPath } from '../core/hashed-path.ts'
import { LIMITS } from '../core/limit.ts'
import { DICTIONARIES_FILE, type Dictionaries, parseDictionaries } from '../core/manifest/dictionaries.ts'
import { EMPTY_HISTORY, HISTORY_FILE, parseHistory, type RetiredAsset } from '../core/manifest/history.ts'
import { openManifest } from '../core/manifest/lines.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../core/manifest/manifest.ts'
import { describeFault } from '../storage/fault.ts'

/** A manifest as it was read, with what identifies this version of it. */
export interface LoadedManifest {
  readonly manifest: Manifest
  /** Files of earlier builds that are still served, by hashed path. */
  readonly retired: ReadonlyMap<HashedPath, RetiredAsset>
  /** Undefined without them. */
  readonly dictionaries?: Dictionaries | undefined
  /** Why history or dictionaries cannot be read. The current build is served anyway. */
  readonly faults: readonly FingerpostError[]
  /** The real path of the build's folder: a deploy may swap the link that led to it. Undefined for a remote one. */
  readonly folder?: string
  /** Of the whole text and that of the dictionaries. The manifest's own digest covers only the assets. */
  readonly textHash: string
  /** What {@link ManifestSource.signature} was when it was read. */
  readonly signature: string
}

/** Where a server gets its manifest from, and how it notices a new one. */
export interface ManifestSource {
  /** @throws FingerpostError `FP_MANIFEST` if it is missing, too large or damaged */
  load(): Promise<LoadedManifest>
  /** Changes whenever the manifest may have changed; undefined while there is none. Cheap enough for every second. */
  signature(): Promise<string | undefined>
}

/**
 * A manifest on another server: its address, or a function that returns its text, such as
 * `async () => (await storage.read('manifest.json')).toString()` for a bucket.
 */
export type RemoteManifest = string | URL | (() => Promise<string>)

/**
 * The manifest of a build's folder.
 *
 * @param dictionaries true: it is a fault if the build has none
 */
export function createFolderSource(root: string, dictionaries?: boolean): ManifestSource {
  const path = join(root, MANIFEST_FILE)
  return {
    async load() {
      const folder = await realpath(root).catch(() => root)
      const { bytes, signature } = await readManifestFile(join(folder, MANIFEST_FILE))
      const manifest = openManifest(bytes.toString('utf8'), path)
      // After the manifest: a build that is published in between has written these first.
      const history = await readBeside(join(folder, HISTORY_FILE), parseHistory)
      const found = await readBeside(join(folder, DICTIONARIES_FILE), parseDictionaries)
      const isMissing = found.value === undefined && found.faults.length === 0
      const missing = isMissing && dictionaries === true ? [withoutDictionaries(folder)] : []
      return {
        ...{ manifest, signature, folder },
        retired: history.value?.retired ?? EMPTY_HISTORY.retired,
        dictionaries: found.value,
        faults: [...history.faults, ...found.faults, ...missing],
        textHash: hashOf(hashOf(bytes) + hashOf(found.text)),
      }
    },
    async signature() {
      try {
        return signatureOf(await stat(path, { bigint: true }))
      } catch {
        return undefined
      }
    },
  }
}

/** A manifest from a bucket or a web server, which also serves its files. */
export function createRemoteSource(remote: RemoteManifest): ManifestSource {
  const where = typeof remote === 'function' ? 'the manifest' : String(remote)
  const read = typeof remote === 'function' ? remote : () => fetchText(new URL(remote))
  return {
    async load() {
      const text = await read().catch((cause: unknown) => {
        throw cause instanceof FingerpostError ? cause : unreachable(where, cause)
      })
      const textHash = hashOf(text)
      const { retired } = EMPTY_HISTORY
      return { manifest: parseManifest(text, where), textHash, signature: textHash, retired, faults: [] }
    },
    async signature() {
      try {
        return hashOf(await read())
      } catch {
        return undefined
      }
    },
  }
}

function withoutDictionaries(folder: string): FingerpostError {
  const message = `The build in ${folder} has no ${DICTIONARIES_FILE}. Its files are sent whole.`
  return new FingerpostError('FP_NOT_FOUND', message, {
    remedy: 'Build with --dictionaries, or leave out the option dictionaries of the plugin.',
    details: { folder },
  })
}

/** A file beside the manifest that a build may lack. */
async function readBeside<T>(path: string, parse: (text: string, where: string) => T) {
  try {
    const text = await readFile(path, 'utf8')
    return { text, value: parse(text, path), faults: [] }
  } catch (cause) {
    const error = describeFault(cause, {
      storage: `folder ${dirname(path)}`,
      key: basename(path),
      doing: 'read',
    })
    if (!(error instanceof FingerpostError)) throw error
    return { text: '', value: undefined, faults: error.code === 'FP_NOT_FOUND' ? [] : [error] }
  }
}

function hashOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A replaced or rewritten file has another one, even with the same size and time (Nix, rsync -t). */
function signatureOf({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): string {
  return `${dev}:${ino}:${mtimeNs}:${ctimeNs}:${size}`
}

async function readManifestFile(
  path: string,
): Promise<{ readonly bytes: Buffer; readonly signature: string }> {
  try {
    const handle = await open(path)
    try {
      const stats = await handle.stat({ bigint: true })
      if (stats.size > LIMITS.manifestMaxBytes) throw unusable(path, TOO_LARGE)
      return { bytes: await handle.readFile(), signature: signatureOf(stats) }
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof FingerpostError) throw cause
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw missing(path, cause)
    if (isSystemError(cause, 'EACCES')) throw unreadable(path, cause)
    throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const TOO_LARGE = `it has more than ${LIMITS.manifestMaxBytes} bytes`

async function fetchText(url: URL): Promise<string> {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(LIMITS.manifestTimeoutMs),
    headers: { 'cache-control': 'no-cache' },
  })
  if (!answer.ok) throw unreachable(String(url), new Error(`the server answers ${answer.status}`))
  const text: string[] = []
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const piece of answer.body ?? []) {
    bytes += piece.length
    if (bytes > LIMITS.manifestMaxBytes) throw unreachable(String(url), new Error(TOO_LARGE))
    text.push(decoder.decode(piece, { stream: true }))
  }
  return text.join('')
}

function missing(path: string, cause: unknown): FingerpostError {
  const folder = dirname(path)
  const message = `Cannot read the manifest ${path}: it does not exist.`
  const remedy = hasFiles(folder)
    ? `${folder} has files, but no build. The option root is the folder that fingerpost build writes, not one of its sources.`
    : `Build first: fingerpost build --out ${folder}. Or set the option root to the folder of a build.`
  return new FingerpostError('FP_MANIFEST', message, { remedy, details: { manifest: path }, cause })
}

function hasFiles(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch {
    return false
  }
}

function unusable(path: string, fault: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_MANIFEST', `Cannot read the manifest ${path}: ${fault}.`, {
    remedy:
      'Build first: fingerpost build --out <this folder>. Or set the option root to the folder of a build.',
    details: { manifest: path },
    cause,
  })
}

function unreadable(path: string, cause: unknown): FingerpostError {
  const folder = dirname(path)
  return new FingerpostError('FP_MANIFEST', `Cannot read the manifest ${path}: permission denied (EACCES).`, {
    remedy: `Let the user of the app read it and enter every folder above it. For the build itself: chmod -R a+rX ${folder}`,
    details: { manifest: path },
    cause,
  })
}

function unreachable(where: string, cause: unknown): FingerpostError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FingerpostError('FP_MANIFEST', `Cannot read the manifest ${where}: ${reason}.`, {
    remedy: 'Publish the build first: fingerpost publish s3://BUCKET. Or correct the option manifest.',
    details: { manifest: where },
    cause,
  })
}
