import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { hasTurn, limitStall, waitForTurn } from '../http/connection.ts'
import type { ServeSettings } from './options.ts'

type ReplyMethod = (this: FastifyReply, ...given: unknown[]) => FastifyReply

/**
 * Adds `reply.sendFile` and `reply.download` of @fastify/static for folders outside the build. The package is loaded
 * only for them. It opens a file as soon as it is called, so it is called only when the answer's turn has come.
 */
export async function addFolders(
  app: FastifyInstance,
  { folders, stallMs }: Pick<ServeSettings, 'folders' | 'stallMs'>,
): Promise<void> {
  if (folders.length === 0) return
  const { default: fastifyStatic } = await import('@fastify/static')
  const inTurn = (method: ReplyMethod): ReplyMethod =>
    function (...given) {
      const call = () => {
        limitStall(this.raw, stallMs)
        method.apply(this, given)
      }
      if (hasTurn(this.raw)) call()
      else void waitForTurn(this.raw).then((came) => came && call())
      return this
    }
  await app.register(
    fastifyPlugin(async (scope) => {
      const decorating = Object.create(scope, {
        decorateReply: {
          value: (name: string, method: ReplyMethod) => scope.decorateReply(name, inTurn(method)),
        },
      })
      await fastifyStatic(decorating, { root: [...folders], serve: false })
    }),
  )
}
