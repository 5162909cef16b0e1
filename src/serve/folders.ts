import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { hasLeft, hasTurn, limitStall, type RawResponse, waitForTurn } from '../http/reply.ts'
import type { ServeSettings } from './options.ts'

type ReplyMethod = (this: FastifyReply, ...given: unknown[]) => FastifyReply

/**
 * Adds `reply.sendFile` and `reply.download` of @fastify/static for folders outside the build. The package is loaded
 * only for them. It opens a file as soon as it is called, and leaves it open if the client has disconnected: so it is
 * called in the answer's turn, and its file is closed with the connection.
 */
export async function addFolders(
  app: FastifyInstance,
  { folders, stallSeconds }: Pick<ServeSettings, 'folders' | 'stallSeconds'>,
): Promise<void> {
  if (folders.length === 0) return
  const { default: fastifyStatic } = await import('@fastify/static')
  const inTurn = (method: ReplyMethod): ReplyMethod =>
    function (...given) {
      const call = () => {
        limitStall(this.raw, stallSeconds * 1000)
        closeFileWithConnection(this)
        method.apply(this, given)
      }
      if (hasTurn(this.raw)) call()
      else {
        waitForTurn(this.raw)
          .then((came) => came && call())
          .catch((error) => this.send(error))
      }
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

/** Destroys the stream that is sent next when the connection closes, or at once if it has. */
function closeFileWithConnection(reply: FastifyReply): void {
  const { raw, send } = reply
  reply.send = (payload) => {
    reply.send = send
    if (!(payload instanceof Readable)) return send.call(reply, payload)
    raw.once('close', () => payload.destroy())
    if (!hasLeft(raw as RawResponse)) return send.call(reply, payload)
    payload.destroy()
    return reply.hijack()
  }
}
