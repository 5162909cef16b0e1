import { ReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createBudget } from '../core/concurrent.ts'
import { LIMITS } from '../core/limit.ts'
import {
  hasLeft,
  hasTurn,
  limitStall,
  type RawResponse,
  releaseWhenReset,
  waitForTurn,
} from '../http/reply.ts'
import type { ServeSettings } from './options.ts'

type ReplyMethod = (this: FastifyReply, ...given: unknown[]) => FastifyReply

/**
 * Adds `reply.sendFile` and `reply.download` of @fastify/static for folders outside the build. The package is loaded
 * only for them. It opens a file as soon as it is called, and leaves it open if the client has disconnected: so it is
 * called in the answer's turn, for few answers at once, and its file is closed with the connection.
 */
export async function addFolders(
  app: FastifyInstance,
  { folders, stallSeconds }: Pick<ServeSettings, 'folders' | 'stallSeconds'>,
): Promise<void> {
  if (folders.length === 0) return
  const { default: fastifyStatic } = await import('@fastify/static')
  // A stream of HTTP/2 that is reset makes room for the next one before its file is open.
  const opening = createBudget(LIMITS.folderOpens)
  const inTurn = (method: ReplyMethod): ReplyMethod =>
    function (...given) {
      const call = () =>
        new Promise<void>((onOpen) => {
          if (hasLeft(this.raw)) return onOpen()
          limitStall(this.raw, stallSeconds * 1000)
          releaseWhenReset(this.raw)
          closeFileWithConnection(this, onOpen)
          method.apply(this, given)
        })
      const turn = hasTurn(this.raw) ? Promise.resolve(true) : waitForTurn(this.raw)
      turn.then((came) => (came ? opening.spend(1, call) : undefined)).catch((error) => this.send(error))
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

/**
 * Destroys the stream that is sent next when the connection closes, or at once if it has.
 *
 * @param onOpen called once the file is open, or when the answer has no file
 */
function closeFileWithConnection(reply: FastifyReply, onOpen: () => void): void {
  const { raw, send, callNotFound } = reply
  const restore = () => Object.assign(reply, { send, callNotFound })
  reply.callNotFound = () => {
    restore()
    onOpen()
    return callNotFound.call(reply)
  }
  reply.send = (payload) => {
    restore()
    if (payload instanceof ReadStream) payload.once('open', onOpen).once('close', onOpen)
    else onOpen()
    if (!(payload instanceof Readable)) return send.call(reply, payload)
    raw.once('close', () => payload.destroy())
    if (!hasLeft(raw as RawResponse)) return send.call(reply, payload)
    payload.destroy()
    return reply.hijack()
  }
}
