export { build } from './builder/build.ts'
export { clearCache } from './builder/cache/cache.ts'
export type { BuildEnvironment } from './builder/context.ts'
export { type CheckRules, check } from './builder/maintain/check.ts'
export { pack } from './builder/maintain/pack.ts'
export { PRUNE_DEFAULTS, type PruneOptions, prune } from './builder/maintain/prune.ts'
export type {
  BuildEvent,
  BuildReport,
  BuildStep,
  BuildWork,
  CheckFault,
  CheckReport,
  DeltaTotals,
  OutputTotals,
  PackReport,
  PruneReport,
  Totals,
} from './builder/report.ts'
export { defineConfig } from './builder/settings/config-file.ts'
export type { DictionaryOptions, DictionarySettings } from './builder/settings/dictionaries.ts'
export type { CompressRule } from './builder/settings/option-parsers.ts'
export {
  BUILD_DEFAULTS,
  type BuildConfig,
  type BuildOptions,
  type CacheOption,
  parseBuildOptions,
} from './builder/settings/options.ts'
export type {
  FoundUrl,
  ScannerOption,
  TransformContext,
  TransformOption,
  TransformResult,
} from './builder/settings/transform.ts'
export type { DeltaEncoding, Encoding, VariantEncoding } from './core/encoding.ts'
export { FingerpostError } from './core/error.ts'
export type { LogicalPath } from './core/path.ts'
export type { SourceOption } from './sources/source.ts'
