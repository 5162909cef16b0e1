import { createHmac, timingSafeEqual } from 'node:crypto'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { DispositionType } from '../content/presentation.ts'

/** A key that signs links. Rotate by putting a new one first and keeping the old one until its links have expired. */
export interface LinkKey {
  /** Appears in links, so that the right key is found: letters, digits, `-` and `_`. */
  readonly id: string
  /** At least 32 bytes; never leaves the process. */
  readonly secret: string | Uint8Array
}

/** What a link permits. */
export interface LinkGrant {
  /** The file's name in the storage. */
  readonly name: string
  readonly method: 'GET' | 'PUT'
  readonly disposition: DispositionType | undefined
}

/** What became of a link that was followed. */
export type LinkVerdict = 'valid' | 'expired' | 'altered' | 'unsigned'

/** Signs links and checks them (HMAC-SHA256, constant-time comparison). */
export interface LinkSigner {
  /** The query string of a link, with its question mark. */
  sign(grant: LinkGrant, expiresInSeconds: number): string
  /** Judges the query of a link that was followed. */
  verify(name: string, method: string, query: Readonly<Record<string, unknown>>): LinkVerdict
}

/**
 * Makes a signer. The first key signs, all of them verify.
 *
 * @param now milliseconds since 1970
 * @throws FingerpostError `FP_CONFIG` for no keys, a short secret, a doubled or unreadable id
 */
export function createLinkSigner(keys: readonly LinkKey[], now: () => number): LinkSigner {
  const byId = checkKeys(keys)
  return {
    sign(grant, expiresInSeconds) {
      const [key] = keys
      if (key === undefined) throw new FingerpostError('FP_INTERNAL', 'No key to sign with.')
      const expires = String(Math.floor(now() / 1000) + checkLifetime(expiresInSeconds))
      const query = new URLSearchParams({ expires, key: key.id })
      if (grant.disposition !== undefined) query.set('disposition', grant.disposition)
      query.set('signature', signatureOf(key, grant.method, grant.name, expires, grant.disposition ?? ''))
      return `?${query}`
    },
    verify(name, method, query) {
      const { expires, key: id, signature, disposition = '' } = query
      if (signature === undefined && expires === undefined) return 'unsigned'
      const key = typeof id === 'string' ? byId.get(id) : undefined
      // Repeated parameters arrive as arrays: which of them was signed is not ours to guess.
      if (key === undefined || typeof expires !== 'string' || typeof disposition !== 'string')
        return 'altered'
      // A HEAD request tells less than the GET it was signed for.
      const signedMethod = method === 'HEAD' ? 'GET' : method
      if (!isSame(signature, signatureOf(key, signedMethod, name, expires, disposition))) return 'altered'
      return Number(expires) * 1000 > now() ? 'valid' : 'expired'
    },
  }
}

function checkKeys(keys: readonly LinkKey[]): ReadonlyMap<string, LinkKey> {
  const byId = new Map<string, LinkKey>()
  if (!Array.isArray(keys)) throw badKey('they are no list')
  for (const key of keys) {
    if (typeof key?.id !== 'string' || !isSecret(key.secret)) throw badKey('each is { id, secret }')
    if (!/^[\w-]{1,64}$/.test(key.id))
      throw badKey(`the id ${JSON.stringify(key.id)} isn't letters and digits`)
    if (byId.has(key.id)) throw badKey(`two keys have the id ${key.id}`)
    if (Buffer.byteLength(key.secret) < LIMITS.linkSecretMinBytes) {
      throw badKey(`the secret of ${key.id} is shorter than ${LIMITS.linkSecretMinBytes} bytes`)
    }
    byId.set(key.id, key)
  }
  if (byId.size === 0) throw badKey('there are none')
  return byId
}

/** Text or bytes. */
function isSecret(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array
}

function badKey(fault: string): FingerpostError {
  return new FingerpostError('FP_CONFIG', `The keys for signed links can't be used: ${fault}.`, {
    remedy: 'Make one: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
  })
}

function checkLifetime(seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 1 && seconds <= LIMITS.linkMaxSeconds) return Math.floor(seconds)
  throw new FingerpostError(
    'FP_CONFIG',
    `A link can't live for ${seconds} seconds: between 1 and ${LIMITS.linkMaxSeconds} are possible.`,
  )
}

/** Fields are length-prefixed: no two different grants share their bytes. */
function signatureOf(key: LinkKey, ...fields: readonly string[]): string {
  const hmac = createHmac('sha256', key.secret)
  for (const field of ['fingerpost media link 1', key.id, ...fields]) {
    hmac.update(`${Buffer.byteLength(field)}:`).update(field)
  }
  return hmac.digest('base64url')
}

/** Compares in constant time. */
export function isSame(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
