import { encodePath, type LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import type { Reference } from '../../core/reference/reference.ts'

/** Collects the URLs that modules ask for. */
export interface ModuleUrls {
  /** @param name the logical path the specifier leads to, with the suffix */
  add(from: LogicalPath, reference: Reference, name: string): void
  toMap(): ReadonlyMap<string, string>
}

/** Stands for the page's own host while URLs are put together. */
const HOST = 'https://fingerpost.invalid'

/**
 * Makes a collection. An import map's keys are compared with what the browser makes of a specifier, letter by letter:
 * `./a+b.js` asks for `/static/a+b.js`, not for `/static/a%2Bb.js`, so each specifier is resolved as a browser does.
 */
export function createModuleUrls({ href, origin }: PublicUrl): ModuleUrls {
  const urls = new Map<string, string>()
  const base = origin === '' ? HOST + href : new URL(href, HOST).href
  return {
    add(from, { specifier, suffix }, name) {
      const url = new URL(specifier + suffix, base + encodePath(from)).href
      urls.set(url.startsWith(HOST) ? url.slice(HOST.length) : url, name)
    },
    toMap: () => urls,
  }
}
