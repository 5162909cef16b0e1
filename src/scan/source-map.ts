import { extensionOf } from '../core/path.ts'
import { createFindings } from './findings.ts'
import { spellJs } from './javascript/literal.ts'
import { locateJson } from './json.ts'
import type { Scan, Scanner } from './scanner.ts'

/** Reads source maps: the field `file` names the file that was generated (ECMA-426 §9). */
export const sourceMapScanner: Scanner = {
  name: 'source-map',
  version: 1,
  accepts: (path) => extensionOf(path) === '.map',
  scan: scanSourceMap,
}

function scanSourceMap(json: string): Scan {
  const findings = createFindings()
  const file = locateJson(json, 1).find(({ pointer, kind }) => pointer === '/file' && kind === 'string')
  if (file !== undefined) findings.addUrl('source-map-file', spellJs(json, file.start + 1, file.end - 1))
  return findings.toScan()
}
