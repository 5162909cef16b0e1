import { FingerpostError } from '../../core/error.ts'
import { encodePath } from '../../core/path.ts'
import type { Response } from '../../http/response.ts'
import { isObjectStore, type ObjectStore, type Storage } from '../../storage/storage.ts'
import type { SendOption } from '../options.ts'
import { emptyAnswer, type Sendable } from './answer.ts'

/** Seconds a redirect to the object store, or nginx's own request to it, may take to begin. */
const HANDOFF_SECONDS = 60

/** Leaves the sending of a file to another server; undefined if the app sends it. */
export type Handoff = (sendable: Sendable) => Promise<Response> | undefined

/**
 * Who sends, as the option says.
 *
 * @throws FingerpostError `FP_CONFIG` for a redirect to a storage that has no addresses, or a location without slashes
 */
export function createHandoff(storage: Storage, send: SendOption): Handoff {
  if (send === 'app') return () => undefined
  if (send !== 'redirect') {
    const location = checkLocation(send.accel)
    // nginx would send such metadata on: it can hide headers by their whole name only.
    return (sendable) => (sendable.file.hasForeignMetadata ? undefined : toNginx(storage, location, sendable))
  }
  if (isObjectStore(storage)) return (sendable) => toObjectStore(storage, sendable)
  throw new FingerpostError('FP_CONFIG', `send: 'redirect' needs an object store, not ${storage.name}.`, {
    remedy: "Use createS3Storage(), or send: 'app'.",
  })
}

/**
 * nginx takes Content-Type, Content-Disposition, Cache-Control and Accept-Ranges from this answer, the bytes from its
 * internal location, and does conditions and ranges itself. For an object store the location is told the path and the
 * signature of the request it has to make.
 */
async function toNginx(storage: Storage, location: string, sendable: Sendable): Promise<Response> {
  const { file, presentation, cacheControl } = sendable
  const target = isObjectStore(storage)
    ? withoutOrigin(await signed(storage, sendable))
    : encodePath(file.key)
  return emptyAnswer(200, {
    'Content-Type': presentation.contentType,
    'Content-Disposition': presentation.contentDisposition,
    'Content-Security-Policy': presentation.securityPolicy,
    'Cache-Control': cacheControl,
    'X-Accel-Redirect': location + target,
  })
}

async function toObjectStore(storage: ObjectStore, sendable: Sendable): Promise<Response> {
  // The address expires after a minute: nothing may remember it.
  const location = await signed(storage, sendable)
  return emptyAnswer(302, { 'Cache-Control': 'private, no-store', Location: location })
}

function signed(storage: ObjectStore, { file, presentation }: Sendable): Promise<string> {
  return storage.signedUrl(file.key, {
    expiresInSeconds: HANDOFF_SECONDS,
    disposition: presentation.contentDisposition,
    contentType: presentation.contentType,
  })
}

function withoutOrigin(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname.slice(1) + search
}

function checkLocation(location: string): string {
  if (/^\/[\w./-]+\/$/.test(location)) return location
  throw new FingerpostError(
    'FP_CONFIG',
    `The location ${JSON.stringify(location)} needs a slash at both ends.`,
    {
      remedy: "Write { accel: '/internal-media/' }, as nginx has it.",
    },
  )
}
