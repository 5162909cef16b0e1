import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { FingerpostError } from '../core/error.ts'
import { failure, type Response } from '../http/response.ts'
import type { LiveSettings } from '../serve/live-options.ts'

/** @throws FingerpostError `FP_CONFIG` where `NODE_ENV` is `production`, unless forced */
export function refuseProduction({ force }: LiveSettings): void {
  if (process.env['NODE_ENV'] !== 'production' || force) return
  throw new FingerpostError('FP_CONFIG', 'Live mode is for development, but NODE_ENV is production.', {
    remedy:
      'Run fingerpost build and register the plugin without live. To serve live anyway: live: { force: true }.',
  })
}

/**
 * Refuses requests for unknown hosts. Otherwise a page of a stranger, whose host name is made to resolve to this machine,
 * could read the sources.
 *
 * @returns the refusal; undefined for a known host
 */
export type HostCheck = (headers: object) => Response | undefined

/** IP addresses, `localhost` and its subdomains, and the name of this machine are always known. */
export function createHostCheck(allowed: LiveSettings['allowedHosts']): HostCheck {
  const own = hostname().toLowerCase()
  const known = ['localhost', '.localhost', own, `${own}.local`, ...(allowed === true ? [] : allowed)]
  const isKnown = (host: string) =>
    isIP(host) !== 0 || known.some((each) => (each.startsWith('.') ? host.endsWith(each) : host === each))
  return (headers) => {
    const { ':authority': authority, host: hostHeader = '' } = headers as IncomingHttpHeaders
    const host = String(authority ?? hostHeader)
      .toLowerCase()
      .replace(/:\d*$/, '')
      .replace(/^\[(.*)\]$/, '$1')
    if (allowed === true || isKnown(host)) return undefined
    const name = JSON.stringify(host.replace(/[^\w.-]/g, '?'))
    return failure(
      403,
      `Live mode does not answer for the host ${name}. Add it to the option live.allowedHosts.`,
    )
  }
}
