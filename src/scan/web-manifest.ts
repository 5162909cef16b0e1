import { extensionOf, fileNameOf } from '../core/path.ts'
import { createFindings } from './findings.ts'
import { spellJs } from './javascript/literal.ts'
import { locateJson } from './json.ts'
import type { Scan, Scanner } from './scanner.ts'

/** Members that name images (W3C App Manifest §1.9, App Information §2; file handlers: Manifest Incubations §4). */
const IMAGE_MEMBER = /^(?:\/(?:shortcuts|file_handlers)\/\d+)?\/(?:icons|screenshots)\/\d+\/src$/
const DEPTH = 5

/** Reads web app manifests: `*.webmanifest` and files called `manifest.json`. */
export const webManifestScanner: Scanner = {
  name: 'web-manifest',
  version: 1,
  accepts: (path) =>
    extensionOf(path) === '.webmanifest' || fileNameOf(path).toLowerCase() === 'manifest.json',
  scan: scanWebManifest,
}

function scanWebManifest(json: string): Scan {
  const findings = createFindings()
  for (const { pointer, kind, start, end } of locateJson(json, DEPTH)) {
    if (kind === 'string' && IMAGE_MEMBER.test(pointer)) {
      findings.addUrl('web-manifest', spellJs(json, start + 1, end - 1))
    }
  }
  return findings.toScan()
}
