import type { FastifyReply } from 'fastify'
import type { RawHeaders } from './response.ts'

/**
 * An answer's headers together with those that hooks have put on the reply (helmet, CORS, request ids). Where both have
 * one the answer's stays, with two exceptions: Vary names what either depends on, and an origin that a hook has
 * allowed for this very request is more exact than ours.
 */
export function mergeReplyHeaders(headers: RawHeaders, reply: FastifyReply): RawHeaders {
  const set = Object.entries(reply.getHeaders())
  if (set.length === 0) return headers
  const merged = new Map<string, readonly string[]>()
  for (const [name, value] of set)
    if (value !== undefined) merged.set(name.toLowerCase(), valuesOf(name, value))
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const key = name.toLowerCase()
    const value = headers[i + 1] ?? ''
    const theirs = merged.get(key)
    if (key === 'access-control-allow-origin' && theirs !== undefined) continue
    merged.set(key, [name, key === 'vary' ? unionOf(theirs?.[1], value) : value])
  }
  return [...merged.values()].flat()
}

function valuesOf(name: string, value: number | string | readonly string[]): readonly string[] {
  return typeof value === 'object' ? value.flatMap((one) => [name, one]) : [name, String(value)]
}

function unionOf(theirs: string | undefined, ours: string): string {
  if (theirs === undefined) return ours
  const has = theirs.split(',').map((field) => field.trim().toLowerCase())
  const more = ours.split(',').filter((field) => !has.includes(field.trim().toLowerCase()))
  return [theirs, ...more.map((field) => field.trim())].join(', ')
}
