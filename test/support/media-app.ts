import type { TestContext } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import type { MediaOptions } from '../../src/media/options.ts'
import { media } from '../../src/media/plugin.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

/** An app with the media plugin, listening; it ends with the test. */
export interface MediaApp {
  readonly app: FastifyInstance
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  readonly port: number
}

/** Starts the app. `prepare` adds routes; the storage is memory unless told otherwise. */
export async function startMediaApp(
  context: TestContext,
  options: Partial<MediaOptions> = {},
  prepare: (app: FastifyInstance) => void = () => undefined,
): Promise<MediaApp> {
  const app = fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(media, { storage: createMemoryStorage(), production: false, ...options })
  prepare(app)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, origin, port: Number(new URL(origin).port) }
}

/** A form with one file, or several. */
export function formOf(
  files: Readonly<Record<string, readonly [name: string, content: Uint8Array | string]>>,
): FormData {
  const form = new FormData()
  for (const [field, [name, content]] of Object.entries(files)) {
    form.append(field.replace(/\d+$/, ''), new Blob([content as string]), name)
  }
  return form
}
