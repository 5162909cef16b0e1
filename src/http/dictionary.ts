import { lastingParts } from '../core/manifest/dictionaries.ts'
import { encodePath, type LogicalPath } from '../core/path.ts'

/** A structured field with one byte sequence of 32 bytes (RFC 9842 §2.2, RFC 9651 §3.3.5). */
const SHA256 = /^ *:([A-Za-z0-9+/]{43}=?): *$/

/**
 * The SHA-256 in an Available-Dictionary value, in base64 with padding; undefined for anything else, which is as good as
 * no dictionary.
 */
export function parseAvailableDictionary(value: string | readonly string[]): string | undefined {
  const [, encoded] = (typeof value === 'string' && SHA256.exec(value)) || []
  // Spare bits at the end may be set: they mean nothing.
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('base64')
}

/**
 * The Use-As-Dictionary value (RFC 9842 §2.1) of a file with a hash in its name: it is for all files that differ in the
 * hash, and in an npm package in the version, alone. Undefined for a name without one.
 *
 * @param base the path below which browsers find the build, percent-encoded, with a slash at both ends
 */
export function formatUseAsDictionary(base: string, path: LogicalPath, file: string): string | undefined {
  const parts = lastingParts(path, file)?.map((part) => escapePattern(encodePath(part)))
  if (parts === undefined) return undefined
  const [first = '', ...others] = parts
  // Names of groups, which have to differ.
  const rest = others.map((part, index) => `:${'hv'[others.length - 1 - index]}${part}`)
  return `match="${escapePattern(base)}${first}${rest.join('')}"`
}

/** For a URLPattern, whose backslash is doubled in the string of a structured field. */
function escapePattern(encodedPath: string): string {
  return encodedPath.replace(/[()*+:?{}\\]/g, '\\\\$&')
}
