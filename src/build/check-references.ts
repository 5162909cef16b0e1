import type { ManifestAsset } from '../core/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import { isModuleKind } from '../core/reference.ts'
import { followSpecifier } from '../core/specifier.ts'
import type { Scanner } from '../scan/scanner.ts'
import { findScanner } from '../scan/scanners.ts'
import { createAllowance } from './allowance.ts'
import { createFault } from './check-siblings.ts'
import { isExtensionless, namesFolder } from './extensionless.ts'
import type { BuildConfig } from './options.ts'
import type { CheckFault } from './report.ts'
import { type PlacedReference, scanBytes } from './scan-files.ts'

/** What following references needs. */
export interface ReferenceCheckContext {
  readonly config: BuildConfig
  /** Hashed and logical paths: what a reference may lead to. */
  readonly targets: ReadonlySet<string>
  readonly scanners: readonly Scanner[]
}

/** The references in built bytes that lead to no file of the build, though the build would not have let them. */
export function checkReferences(
  path: LogicalPath,
  { file }: ManifestAsset,
  bytes: Buffer,
  { config, targets, scanners }: ReferenceCheckContext,
): readonly CheckFault[] {
  const { url, references } = config
  const scanner = findScanner(scanners, path)
  // What a prehashed file misses, a build only warns of: it can't be mended.
  const isPrehashed = file === path
  if (scanner === undefined || references.onMissing === 'warn' || isPrehashed) return []
  const isAllowed = createAllowance(references.allowMissing)
  return scanBytes(bytes, scanner).references.flatMap((reference) => {
    const destination = followSpecifier(reference.kind, reference.specifier, file, url)
    if (destination.kind === 'external' || targets.has(destination.path)) return []
    if (isNeverFatal(reference) || isAllowed(path, destination.path)) return []
    const message = `${reference.line}:${reference.column} leads to ${destination.path}, which the build hasn't`
    return [createFault('reference', path, file, message)]
  })
}

/** What a build only warns of: a map that isn't there, a specifier without its extension, a folder. */
function isNeverFatal({ kind, specifier }: PlacedReference): boolean {
  if (kind === 'source-map' || kind === 'source-map-file' || namesFolder(specifier)) return true
  return isModuleKind(kind) && isExtensionless(specifier)
}
