import type { FastifyInstance } from 'fastify'
import type { ServeSettings } from './options.ts'

/** Files that aren't in the build are the job of @fastify/static, which is loaded only for it. */
export async function addFolders(app: FastifyInstance, { folders }: ServeSettings): Promise<void> {
  if (folders.length === 0) return
  const { default: fastifyStatic } = await import('@fastify/static')
  await app.register(fastifyStatic, { root: [...folders], serve: false })
}
