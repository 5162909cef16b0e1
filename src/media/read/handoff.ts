import { FingerpostError } from '../../core/error.ts'
import { encodePath } from '../../core/path.ts'
import { isObjectStore, type ObjectStore, type Storage } from '../../storage/storage.ts'
import type { SendOption } from '../options.ts'
import type { MediaAnswer, Sendable } from './answer.ts'

/** Seconds a redirect to the object store, or nginx's own request to it, may take to begin. */
const HANDOFF_SECONDS = 60

/** Leaves the sending to somebody else; undefined where the app sends itself. */
export type Handoff = ((sendable: Sendable) => Promise<MediaAnswer>) | undefined

/**
 * Who sends, as the option says.
 *
 * @throws FingerpostError `FP_CONFIG` for a redirect to a storage that has no addresses, or a location without slashes
 */
export function createHandoff(storage: Storage, send: SendOption): Handoff {
  if (send === 'app') return undefined
  if (send !== 'redirect') {
    const location = checkLocation(send.accel)
    return (sendable) => toNginx(storage, location, sendable)
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
async function toNginx(storage: Storage, location: string, sendable: Sendable): Promise<MediaAnswer> {
  const { file, headers } = sendable
  const target = isObjectStore(storage)
    ? withoutOrigin(await signed(storage, sendable))
    : encodePath(file.key)
  return { status: 200, headers: { ...headers, 'x-accel-redirect': location + target }, body: undefined }
}

async function toObjectStore(storage: ObjectStore, sendable: Sendable): Promise<MediaAnswer> {
  const { 'content-type': _, 'content-disposition': __, ...headers } = sendable.headers
  // The address dies in a minute: nobody may remember where it was.
  return {
    status: 302,
    headers: { ...headers, 'cache-control': 'private, no-store', location: await signed(storage, sendable) },
    body: undefined,
  }
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
