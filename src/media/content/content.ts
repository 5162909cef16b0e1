import { FingerpostError } from '../../core/error.ts'
import type { Content, Storage, StoredFile } from '../../storage/storage.ts'
import { headBytesOf } from './image.ts'

/** What can be stored: bytes, a Blob or File, a Node or web stream, anything that yields bytes. */
export type MediaContent = Uint8Array | Blob | AsyncIterable<Uint8Array>

/** Content that has been begun: its first bytes are known, all of it can still be read, once. */
export interface OpenedContent {
  /** The first bytes, as many as decide about a file of this name. */
  readonly head: Buffer
  readonly content: Content
  /** Ends the source of a content that isn't read. */
  close(): Promise<void>
}

/**
 * Reads the beginning of some content, which may then be read from its beginning.
 *
 * @throws FingerpostError `FP_LIMIT` (413) for more bytes than allowed, now or while the content is read
 */
export async function openContent(
  name: string,
  given: MediaContent,
  maxBytes: number,
): Promise<OpenedContent> {
  const headBytes = headBytesOf(name)
  // The limit stands before everything: a source may stop giving at the limit without ending.
  const pieces = limitBytes(name, piecesOf(given), maxBytes)
  const begun: Uint8Array[] = []
  let bytes = 0
  while (bytes < headBytes) {
    const next = await pieces.next()
    if (next.done === true) break
    begun.push(next.value)
    bytes += next.value.length
  }
  const head = Buffer.concat(begun).subarray(0, headBytes)
  return { head, content: resume(begun, pieces), close: async () => void (await pieces.return(undefined)) }
}

async function* limitBytes(
  name: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > maxBytes) throw overLimit(JSON.stringify(name), maxBytes)
    yield piece
  }
}

/** The error for more bytes than allowed. */
export function overLimit(what: string, maxBytes: number, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_LIMIT', `${what} has more than ${maxBytes} bytes.`, {
    details: { maxBytes },
    statusCode: 413,
    cause,
  })
}

export function isOverLimit(error: unknown): boolean {
  return error instanceof FingerpostError && error.code === 'FP_LIMIT'
}

/** What a web stream of Node yields is bytes, though its type leaves it open. */
function piecesOf(given: MediaContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (given instanceof Uint8Array) return [given]
  return given instanceof Blob ? (given.stream() as AsyncIterable<Uint8Array>) : given
}

async function* resume(
  begun: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* begun
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    // A reader that stops early must not leave a stream open.
    await rest.return?.()
  }
}

/** The first bytes of a stored file, as many as decide about a file of this name. */
export async function readHead(
  storage: Storage,
  { key, size }: Pick<StoredFile, 'key' | 'size'>,
  name = key,
): Promise<Buffer> {
  const end = Math.min(size, headBytesOf(name)) - 1
  if (end < 0) return Buffer.alloc(0)
  const pieces: Uint8Array[] = []
  for await (const piece of storage.open(key, { start: 0, end })) pieces.push(piece)
  return Buffer.concat(pieces)
}
