import type { Findings } from '../findings.ts'
import { locateJson, spellJson } from '../json.ts'

const PLACES = ['/imports/*', '/scopes/*/*', '/integrity/*']

/** What browsers take for a URL in an import map (HTML §8.1.6.2). */
const URL_LIKE = /^(?:\.{0,2}\/|[a-z][a-z0-9+.-]*:)/i

/** The import map of a page: its targets, and the URLs and digests of `integrity`. */
export function scanImportMap(json: string, findings: Findings): void {
  for (const { pointer, key, kind, ...value } of locateJson(json, PLACES)) {
    if (kind !== 'string') continue
    const isIntegrity = pointer.startsWith('/integrity/')
    const url = isIntegrity ? key && spellJson(json, key) : spellJson(json, value)
    if (url === undefined || !URL_LIKE.test(url.text)) continue
    if (url.text.endsWith('/')) {
      const message = 'maps a folder, which has no hashed name; it is left as it is. Use app.importMap().'
      findings.addNote({ code: 'dynamic', severity: 'warning', start: url.start, end: url.end, message })
    } else findings.addUrl('html', url, isIntegrity ? { integrity: value } : undefined)
  }
}
