import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { EMPTY_HISTORY } from '../core/manifest/history.ts'
import { MANIFEST_FILE, parseManifest } from '../core/manifest/manifest.ts'
import { type LoadedManifest, loadManifest, signatureOf } from './manifest-file.ts'

/** Where a server gets its manifest from, and how it sees that there is a new one. */
export interface ManifestSource {
  /** @throws FingerpostError `FP_MANIFEST` if it is missing, too large or damaged */
  load(): Promise<LoadedManifest>
  /** Changes whenever the manifest may have; undefined while there is none. Cheap enough to ask every second. */
  signature(): Promise<string | undefined>
}

/**
 * A manifest that lies elsewhere: the address of it, or a function that gives its text, such as
 * `async () => (await storage.read('manifest.json')).toString()` for a bucket.
 */
export type RemoteManifest = string | URL | (() => Promise<string>)

/** The manifest of a build's folder. */
export function createFolderSource(root: string): ManifestSource {
  return {
    load: () => loadManifest(root),
    async signature() {
      try {
        return signatureOf(await stat(join(root, MANIFEST_FILE), { bigint: true }))
      } catch {
        return undefined
      }
    },
  }
}

/** A manifest from a bucket or a web server, whose files are served there as well. */
export function createRemoteSource(remote: RemoteManifest): ManifestSource {
  const where = typeof remote === 'function' ? 'the manifest' : String(remote)
  const read = typeof remote === 'function' ? remote : () => fetchText(new URL(remote))
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  return {
    async load() {
      const text = await read().catch((cause: unknown) => {
        throw cause instanceof FingerpostError ? cause : unreachable(where, cause)
      })
      const textHash = hash(text)
      const { retired } = EMPTY_HISTORY
      return { manifest: parseManifest(text, where), textHash, signature: textHash, retired }
    },
    async signature() {
      try {
        return hash(await read())
      } catch {
        return undefined
      }
    },
  }
}

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
    if (bytes > LIMITS.manifestMaxBytes) {
      throw unreachable(String(url), new Error(`it has more than ${LIMITS.manifestMaxBytes} bytes`))
    }
    text.push(decoder.decode(piece, { stream: true }))
  }
  return text.join('')
}

function unreachable(where: string, cause: unknown): FingerpostError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FingerpostError('FP_MANIFEST', `The manifest ${where} can't be read: ${reason}.`, {
    remedy: 'Publish the build first: fingerpost publish s3://BUCKET. Or correct the option manifest.',
    details: { manifest: where },
    cause,
  })
}
