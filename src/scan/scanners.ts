import { cssScanner } from './css.ts'
import { createJavascriptScanner } from './javascript.ts'
import type { Scanner } from './scanner.ts'

/**
 * Every scanner there is, ready to run; the first that accepts a file reads it. To read another type of file, write
 * one scanner and add it here.
 */
export async function createScanners(): Promise<readonly Scanner[]> {
  return [cssScanner, await createJavascriptScanner()]
}

/** The scanner for a file; undefined for files that name no others. */
export function findScanner(scanners: readonly Scanner[], path: string): Scanner | undefined {
  return scanners.find((scanner) => scanner.accepts(path))
}
