import { cssScanner } from './css.ts'
import { createJavascriptScanner } from './javascript/javascript.ts'
import { sourceMapScanner, webManifestScanner } from './json.ts'
import { svgScanner } from './markup/svg.ts'
import type { Scanner } from './scanner.ts'

/** Which files are read for references, besides those that always are. */
export interface ScannerOptions {
  /** Read HTML files too. Default false. */
  readonly html?: boolean
}

/**
 * Every scanner there is, ready to run; the first that accepts a file reads it. To read another type of file, write
 * one scanner and add it here.
 */
export async function createScanners({ html = false }: ScannerOptions = {}): Promise<readonly Scanner[]> {
  const scanners = [
    cssScanner,
    await createJavascriptScanner(),
    sourceMapScanner,
    svgScanner,
    webManifestScanner,
  ]
  return html ? [...scanners, (await import('./markup/html.ts')).htmlScanner] : scanners
}

/** The scanner for a file; undefined for files that name no others. */
export function findScanner(scanners: readonly Scanner[], path: string): Scanner | undefined {
  return scanners.find((scanner) => scanner.accepts(path))
}
