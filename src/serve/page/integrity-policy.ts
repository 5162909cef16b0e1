import type { FastifyInstance } from 'fastify'
import {
  asFlag,
  asListOf,
  type Completed,
  type OptionParser,
  type OptionTable,
  wrongShape,
} from '../../core/option.ts'
import { flagOrOptions } from '../option-parsers.ts'

/** How browsers treat scripts and stylesheets without integrity. */
export interface IntegrityPolicyOptions {
  /** Refuse them. Default false: they are only reported. */
  readonly enforce?: boolean
  /** Names of the header `Reporting-Endpoints`, which the app sets, that receive reports. Default none: the console. */
  readonly endpoints?: readonly string[]
}

/** A token of a structured field (RFC 9651 §3.3.4). */
const asToken: OptionParser<string> = (value, where) => {
  if (typeof value === 'string' && /^[a-z*][\w!#$%&'*+.^`|~:/-]*$/i.test(value)) return value
  throw wrongShape(value, where, 'a name such as integrity')
}

const TABLE = {
  enforce: { parse: asFlag, default: false },
  endpoints: { parse: asListOf(asToken), default: [] },
} satisfies OptionTable<IntegrityPolicyOptions>

export const INTEGRITY_POLICY = flagOrOptions<IntegrityPolicyOptions, typeof TABLE>(TABLE)

/**
 * The header by which browsers refuse, or report, scripts and stylesheets without integrity (W3C SRI 2 §3.9). Undefined
 * without the option.
 */
export function integrityPolicyOf(
  policy: Completed<typeof TABLE> | undefined,
): readonly [name: string, value: string] | undefined {
  if (policy === undefined) return undefined
  const { enforce, endpoints } = policy
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
