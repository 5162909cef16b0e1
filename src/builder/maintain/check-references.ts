import { parseHashedPath } from '../../core/hashed-path.ts'
import type { ManifestAsset } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import { scanBytes } from '../read/scan-files.ts'
import type { CheckFault } from '../report.ts'
import type { BuildConfig } from '../settings/options.ts'
import { createFault } from './check-variants.ts'

/** What following references needs. */
export interface ReferenceCheckContext {
  readonly config: Pick<BuildConfig, 'url'>
  /** Hashed and logical paths: what a reference may lead to. */
  readonly targets: ReadonlySet<string>
  readonly scanners: readonly Scanner[]
}

/**
 * The references in built bytes that lead to no file of the build. Only those with a digest are a build's promise: one
 * that was left as its author wrote it leads nowhere because the build was told to let it.
 */
export function checkReferences(
  path: LogicalPath,
  { file }: ManifestAsset,
  bytes: Buffer,
  { config, targets, scanners }: ReferenceCheckContext,
): readonly CheckFault[] {
  const scanner = findScanner(scanners, path)
  if (scanner === undefined) return []
  return scanBytes(bytes, scanner).references.flatMap(({ kind, specifier, line, column }) => {
    const destination = followSpecifier(kind, specifier, file, config.url)
    if (destination.kind === 'external' || targets.has(destination.path)) return []
    if (parseHashedPath(destination.path) === undefined) return []
    const message = `${line}:${column} leads to ${destination.path}, which the build hasn't`
    return [createFault('reference', path, file, message)]
  })
}
