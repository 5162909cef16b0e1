import { readFileSync } from 'node:fs'

/** This release of fingerpost, as its package says: `1.2.3`. */
export function readRelease(): string {
  // Two folders up from here in `src` and `dist` alike.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
