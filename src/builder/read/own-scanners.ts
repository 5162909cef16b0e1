import { FingerpostError } from '../../core/error.ts'
import { createFindings } from '../../scan/findings.ts'
import type { Scan, Scanner } from '../../scan/scanner.ts'
import { createScanners } from '../../scan/scanners.ts'
import { createMatcher } from '../../sources/ignore.ts'
import type { BuildConfig } from '../settings/options.ts'
import type { FoundUrl, ScannerOption } from '../settings/transform.ts'

/** The scanners of the option `scanners`, then fingerpost's own. */
export async function createAllScanners({
  html,
  scanners,
}: Pick<BuildConfig, 'html' | 'scanners'>): Promise<readonly Scanner[]> {
  return [...scanners.map(createOwnScanner), ...(await createScanners({ html }))]
}

function createOwnScanner(option: ScannerOption): Scanner {
  return {
    name: `own ${JSON.stringify(option.match)}`,
    version: option.version,
    accepts: createMatcher(option.match),
    scan(text, path) {
      try {
        return toScan(text, [...option.scan(text)])
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        const message = `The scanner for ${option.match} failed with ${path}: ${reason}`
        const remedy = 'Correct the file, or the function scan of the option scanners.'
        throw new FingerpostError('FP_TRANSFORM', message, { remedy, details: { path }, cause })
      }
    },
  }
}

/** @throws TypeError for a URL that doesn't stand where it is said to, or in another one */
function toScan(text: string, found: readonly FoundUrl[]): Scan {
  const findings = createFindings()
  let before = 0
  for (const { start, url } of found.toSorted((a, b) => a.start - b.start)) {
    if (typeof url !== 'string' || !Number.isInteger(start) || start < 0 || !text.startsWith(url, start)) {
      throw new TypeError(`${JSON.stringify(url)} doesn't stand at offset ${start}`)
    }
    if (start < before) throw new TypeError(`${JSON.stringify(url)} at ${start} overlaps another URL`)
    before = start + url.length
    findings.addUrl('own', { text: url, start, end: before })
  }
  return findings.toScan()
}
