import type { Stats } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import {
  type BodySource,
  createFileSource,
  createOpener,
  isGone,
  type OpenBody,
} from '../http/body-source.ts'
import { createLog } from '../http/log.ts'
import {
  hasLeft,
  hasTurn,
  limitStall,
  type RawResponse,
  releaseWhenReset,
  waitForTurn,
} from '../http/reply.ts'
import type { ByteRange } from '../storage/storage.ts'
import type { ServeSettings } from './options.ts'

type ReplyMethod = (this: FastifyReply, ...given: unknown[]) => FastifyReply

/** Options of `sendFile` and `download` that matter here. */
interface FileOptions {
  readonly start?: number
  readonly onFile?: (path: string, stats: Stats) => unknown
}

/** The file that @fastify/static has found. */
interface FoundFile {
  readonly path: string
  readonly stats: Stats
}

/**
 * Adds `reply.sendFile` and `reply.download` of @fastify/static for folders outside the build. The package is loaded
 * only for them. For each GET it opens the file anew, before the answer's turn, and leaves it open if the client has
 * disconnected (test/upstream/fastify-static.md). So it is called in the answer's turn and as if for HEAD, which opens
 * nothing; the body comes from a descriptor that all answers with the file share.
 */
export async function addFolders(
  app: FastifyInstance,
  { folders, stallSeconds }: Pick<ServeSettings, 'folders' | 'stallSeconds'>,
): Promise<void> {
  if (folders.length === 0) return
  const { default: fastifyStatic } = await import('@fastify/static')
  const source = createFileSource(createOpener(''))
  const inTurn = (method: ReplyMethod): ReplyMethod =>
    function (...given) {
      const answer = () => {
        if (hasLeft(this.raw)) return
        limitStall(this.raw, stallSeconds * 1000)
        releaseWhenReset(this.raw)
        answerAsHead(this, method, given, source)
      }
      const turn = hasTurn(this.raw) ? Promise.resolve(true) : waitForTurn(this.raw)
      turn.then((came) => (came ? answer() : undefined)).catch((error) => this.send(error))
      return this
    }
  await app.register(
    fastifyPlugin(async (scope) => {
      const decorateReply = (name: string, method: ReplyMethod) => scope.decorateReply(name, inTurn(method))
      const decorating = Object.create(scope, { decorateReply: { value: decorateReply } })
      await fastifyStatic(decorating, { root: [...folders], serve: false })
    }),
  )
}

/** Has @fastify/static choose the file and the headers, and adds the body to its answer. */
function answerAsHead(
  reply: FastifyReply,
  method: ReplyMethod,
  [name, second, third]: readonly unknown[],
  source: BodySource,
): void {
  const options = ((typeof second === 'object' ? second : third) ?? {}) as FileOptions
  let found: FoundFile | undefined
  const onFile = async (path: string, stats: Stats) => {
    await options.onFile?.(path, stats)
    found = { path, stats }
  }
  const send = (payload: unknown) => {
    // The message of a file system's error names the file.
    if (payload instanceof Error && 'syscall' in payload) return sendUnreadable(reply, payload)
    const hasBody = reply.request.method !== 'HEAD' && reply.getHeader('content-length') !== undefined
    if (!(payload instanceof Readable) || !hasBody || found === undefined) return reply.send(payload)
    return sendBody(reply, found, options.start ?? 0, source)
  }
  const standIn: FastifyReply = Object.create(reply, {
    request: { value: asHead(reply.request) },
    send: { value: send },
    code: { value: (status: number) => reply.code(status) },
    callNotFound: { value: () => reply.callNotFound() },
  })
  method.call(standIn, name, typeof second === 'object' ? undefined : second, { ...options, onFile })
}

function asHead(request: FastifyRequest): FastifyRequest {
  const { headers, url } = request.raw
  return Object.create(request, { raw: { value: { method: 'HEAD', headers, url } } })
}

/** @param offset of the part that is offered at all */
async function sendBody(
  reply: FastifyReply,
  { path, stats: { size, mtimeMs } }: FoundFile,
  offset: number,
  source: BodySource,
): Promise<void> {
  const etag = `${size}-${mtimeMs}`
  const start = offset + firstByteOf(reply)
  const range = { start, end: start + Number(reply.getHeader('content-length')) - 1 }
  const onFault = (error: unknown) => reportFault(reply, error)
  try {
    const file = await source.open({ path, key: `${path} ${etag}`, encoding: 'identity', size, etag })
    const body = Readable.from(readOrFail(file, range, onFault), { objectMode: false })
    body.once('close', () => file.close().catch(onFault))
    reply.raw.once('close', () => body.destroy())
    if (!hasLeft(reply.raw as RawResponse)) return void reply.send(body)
    body.destroy()
    reply.hijack()
  } catch (error) {
    if (!isGone(error)) return void sendUnreadable(reply, error)
    onFault(error)
    reply.code(404).callNotFound()
  }
}

function sendUnreadable(reply: FastifyReply, error: unknown): FastifyReply {
  reportFault(reply, error)
  return reply.code(500).send(unreadable())
}

function reportFault(reply: FastifyReply, error: unknown): void {
  createLog(reply.request.log).error(error)
  for (const name of OF_THE_FILE) reply.removeHeader(name)
}

/** In pieces that HTTP/2 takes at once. An error of the reader names the file: it is logged, and another one thrown. */
async function* readOrFail(
  file: OpenBody,
  range: ByteRange,
  onFault: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of file.read(range))
      for (let at = 0; at < piece.length; at += LIMITS.http2WriteBytes)
        yield piece.subarray(at, at + LIMITS.http2WriteBytes)
  } catch (error) {
    onFault(error)
    throw unreadable()
  }
}

function unreadable(): FingerpostError {
  return new FingerpostError('FP_STORAGE', 'The file cannot be read.')
}

/** Headers that an error must not have. */
const OF_THE_FILE = [
  ...[
    'accept-ranges',
    'cache-control',
    'content-disposition',
    'content-length',
    'content-range',
    'content-type',
  ],
  ...['etag', 'last-modified'],
]

/** Of the range that was asked for. */
function firstByteOf(reply: FastifyReply): number {
  const [, first = 0] = /^bytes (\d+)-/.exec(String(reply.getHeader('content-range') ?? '')) ?? []
  return Number(first)
}
