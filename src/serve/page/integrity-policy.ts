import type { FastifyInstance } from 'fastify'
import type { ServeSettings } from '../options.ts'

/**
 * The header by which browsers refuse, or report, scripts and stylesheets without integrity (W3C SRI 2 §3.9). Undefined
 * without the option.
 */
export function integrityPolicyOf({
  integrityPolicy,
}: Pick<ServeSettings, 'integrityPolicy'>): readonly [name: string, value: string] | undefined {
  if (integrityPolicy === undefined) return undefined
  const { enforce, endpoints } = integrityPolicy
  const reports = endpoints.length === 0 ? '' : `, endpoints=(${endpoints.join(' ')})`
  const name = enforce ? 'Integrity-Policy' : 'Integrity-Policy-Report-Only'
  return [name, `blocked-destinations=(script style)${reports}`]
}

/** Adds it to the pages of the app. HTML files of the build have it by a header rule. */
export function addIntegrityPolicy(app: FastifyInstance, [name, value]: readonly [string, string]): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    const isPage = /^text\/html\b/i.test(String(reply.getHeader('content-type') ?? ''))
    if (isPage && !reply.hasHeader(name)) reply.header(name, value)
    return payload
  })
}
