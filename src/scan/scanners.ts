import { cssScanner } from './css.ts'
import { createJavascriptScanner } from './javascript/javascript.ts'
import { sourceMapScanner, webManifestScanner } from './json.ts'
import { browserConfigScanner, svgScanner } from './markup/svg.ts'
import type { Scanner } from './scanner.ts'

export interface ScannerOptions {
  /** Read HTML files too. Default false. */
  readonly html?: boolean
}

/** Every scanner; the first that accepts a file reads it. To read another type of file, add a scanner here. */
export async function createScanners({ html = false }: ScannerOptions = {}): Promise<readonly Scanner[]> {
  const scanners = [
    cssScanner,
    await createJavascriptScanner(),
    sourceMapScanner,
    svgScanner,
    browserConfigScanner,
    webManifestScanner,
  ]
  return html ? [...scanners, (await import('./markup/html.ts')).htmlScanner] : scanners
}

/** The scanner for a file; undefined for files without references. */
export function findScanner(scanners: readonly Scanner[], path: string): Scanner | undefined {
  return scanners.find((scanner) => scanner.accepts(path))
}
