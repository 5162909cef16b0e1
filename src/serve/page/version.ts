import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { CLIENT_SCRIPT } from '../../client/script.ts'
import { integrityOf } from '../../core/digest.ts'
import { hiddenSchema } from '../../http/exclusive-route.ts'
import { HASHED_CACHE_CONTROL } from '../../http/header-rules.ts'
import { type Mount, OWN_FOLDER } from '../../http/mount.ts'
import type { VersionFacts } from '../../template/template-helpers.ts'
import type { ServeSettings } from '../options.ts'

const integrity = integrityOf(Buffer.from(CLIENT_SCRIPT))
const name = `client.${createHash('sha256').update(CLIENT_SCRIPT).digest('hex').slice(0, 16)}.js`

/** What pages need to notice a newer build. @param path below which the app answers. @param version the build in service */
export function describeVersion(path: string, version: () => string): VersionFacts {
  const own = path + OWN_FOLDER
  return { url: `${own}version`, script: own + name, integrity, current: version }
}

/** Adds the routes of the version in service and of the script that asks for it. */
export function addVersionRoutes(
  app: FastifyInstance,
  { route }: Mount,
  version: () => string,
  { logLevel }: Pick<ServeSettings, 'logLevel'>,
): void {
  const add = (file: string, headers: Readonly<Record<string, string>>, body: () => string) =>
    app.route({
      method: ['GET', 'HEAD'],
      url: route + OWN_FOLDER + file,
      schema: hiddenSchema(),
      ...(logLevel && { logLevel }),
      handler: (_request, reply) =>
        reply.headers({ ...headers, 'X-Content-Type-Options': 'nosniff' }).send(body()),
    })
  add('version', { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }, version)
  const script = { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': HASHED_CACHE_CONTROL }
  add(name, { ...script, 'Access-Control-Allow-Origin': '*' }, () => CLIENT_SCRIPT)
}
