import { validateHeaderName, validateHeaderValue } from 'node:http'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { LogicalPath } from '../core/path.ts'
import type { AssetHeaders } from './responder.ts'
import type { RawHeaders } from './response.ts'

/** Headers for assets whose logical path matches a glob. Of several matching rules, later ones win. */
export interface HeaderRule {
  /** A glob over logical paths: `*.txt`, `docs/*`; `**` stands for any number of folders. */
  readonly match: string
  /** Header values by name. */
  readonly set: Readonly<Record<string, string>>
}

/** The options that headers of assets are made from. */
export interface HeaderSettings {
  /** Of hashed and of logical names. */
  readonly cacheControl: { readonly hashed: string; readonly logical: string }
  /** Access-Control-Allow-Origin; false for none. */
  readonly cors: string | false
  /** False for none. */
  readonly crossOriginResourcePolicy: string | false
  /** False for none. */
  readonly timingAllowOrigin: string | false
  readonly lastModified: Date | undefined
}

/** A rule with its glob compiled. */
export interface CompiledRule {
  readonly rule: HeaderRule
  readonly matches: (path: LogicalPath) => boolean
}

/** Default Cache-Control values. */
export const HASHED_CACHE_CONTROL = `public, max-age=${LIMITS.immutableMaxAgeSeconds}, immutable`
export const LOGICAL_CACHE_CONTROL = 'no-cache'

/** Headers that describe the body. Wrong values break clients, so only the plugin sets them. */
export const BODY_HEADERS: ReadonlySet<string> = new Set([
  ...['content-length', 'content-encoding', 'content-range', 'accept-ranges', 'etag', 'last-modified'],
  ...['transfer-encoding', 'trailer'],
])

/** Headers that rules may not set. */
const RESERVED = new Set([
  ...BODY_HEADERS,
  ...['connection', 'keep-alive', 'upgrade', 'te', 'date', 'set-cookie'],
])

/** Compiles the globs of rules. The glob library is loaded only with rules. */
export async function compileRules(rules: readonly HeaderRule[]): Promise<readonly CompiledRule[]> {
  if (rules.length === 0) return []
  const { default: picomatch } = await import('picomatch')
  return rules.map((rule) => ({ rule, matches: picomatch(rule.match, { dot: true }) }))
}

/** The headers of an asset under one of its names. */
export function headersFor(
  path: LogicalPath,
  hashed: boolean,
  settings: HeaderSettings,
  rules: readonly CompiledRule[],
): AssetHeaders {
  const own = new Map<string, readonly [string, string]>()
  for (const { rule, matches } of rules) {
    if (!matches(path)) continue
    for (const [name, value] of Object.entries(rule.set)) own.set(name.toLowerCase(), [name, value])
  }
  const take = (name: string): string | undefined => {
    const value = own.get(name)?.[1]
    own.delete(name)
    return value
  }
  const cacheControl =
    take('cache-control') ?? (hashed ? settings.cacheControl.hashed : settings.cacheControl.logical)
  const vary = splitList(take('vary'))
  return {
    cacheControl,
    vary,
    modifiedAtMs: settings.lastModified?.getTime(),
    type: take('content-type'),
    always: presentOf([
      ['Access-Control-Allow-Origin', take('access-control-allow-origin') ?? settings.cors],
      [
        'Cross-Origin-Resource-Policy',
        take('cross-origin-resource-policy') ?? settings.crossOriginResourcePolicy,
      ],
      ['Timing-Allow-Origin', take('timing-allow-origin') ?? settings.timingAllowOrigin],
    ]),
    content: presentOf([
      ['X-Content-Type-Options', take('x-content-type-options') ?? 'nosniff'],
      ...own.values(),
    ]),
  }
}

function presentOf(headers: readonly (readonly [string, string | false])[]): RawHeaders {
  return headers.flatMap(([name, value]) => (value === false ? [] : [name, value]))
}

function splitList(value: string | undefined): readonly string[] {
  return (value ?? '').split(',').flatMap((member) => (member.trim() === '' ? [] : [member.trim()]))
}

/** @throws FingerpostError `FP_CONFIG` for a header that Node refuses to send, or that is reserved */
export function checkHeader(where: string, name: string, value: unknown): void {
  const details = { rule: where, header: name }
  if (RESERVED.has(name.toLowerCase())) {
    throw new FingerpostError('FP_CONFIG', `${where}: the header ${name} cannot be set.`, {
      remedy: 'The plugin sets it itself: it describes the body or the connection. Remove it from the rule.',
      details,
    })
  }
  try {
    validateHeaderName(name)
    if (typeof value !== 'string') throw new TypeError(`Its value must be text, not ${typeof value}`)
    validateHeaderValue(name, value)
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_CONFIG', `${where}: the header ${JSON.stringify(name)} cannot be sent.`, {
      remedy: `${fault}.`,
      details,
      cause,
    })
  }
}
