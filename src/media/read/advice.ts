import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { decodePath } from '../../core/path.ts'
import { createLog } from '../../http/log.ts'
import { explainMissingHelper } from '../../template/missing-helper.ts'
import type { MediaStorage } from '../media-storage.ts'

/** Tells developers, in errors and in the log, what is likely to be missing where a picture isn't shown. */
export function addAdvice(app: FastifyInstance, files: MediaStorage, production: boolean): void {
  app.addHook('onError', async (_request, _reply, error) => {
    const remedy = explainMissingHelper(error)
    if (remedy !== undefined) error.message += `\n  ${remedy}`
  })
  if (production) return
  app.addHook('onResponse', async (request: FastifyRequest, { statusCode }: FastifyReply) => {
    if (statusCode !== 404 || request.method !== 'GET') return
    const name = await nameWithoutUrl(request.url, files).catch(() => undefined)
    if (name === undefined) return
    const url = files.url(name)
    createLog(request.log).warn(
      `The page wrote the name of a file, not its URL ${url}: mediaUrl(${JSON.stringify(name)})`,
    )
  })
}

/** The name of a file in the path of a request that got none: the browser has put the path of the page before it. */
async function nameWithoutUrl(target: string, files: MediaStorage): Promise<string | undefined> {
  const segments = decodePath(target.split('?', 1)[0] ?? '').split('/')
  for (let first = 1; first < segments.length; first++) {
    const name = segments.slice(first).join('/')
    if (await files.exists(name)) return name
  }
  return undefined
}
