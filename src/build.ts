export { build } from './build/build.ts'
export { clearCache } from './build/cache-folder.ts'
export { type CheckRules, check } from './build/check.ts'
export { defineConfig } from './build/define-config.ts'
export type { BuildEnvironment } from './build/environment.ts'
export {
  BUILD_DEFAULTS,
  type BuildConfig,
  type BuildOptions,
  type CacheOption,
  type CompressRule,
  parseBuildOptions,
} from './build/options.ts'
export { pack } from './build/pack.ts'
export { PRUNE_DEFAULTS, type PruneOptions, prune } from './build/prune.ts'
export type {
  BuildEvent,
  BuildReport,
  BuildStep,
  BuildWork,
  CheckFault,
  CheckReport,
  PackReport,
  PruneReport,
  Tally,
} from './build/report.ts'
export { FingerpostError } from './core/error.ts'
export type { SourceOption } from './find/source.ts'
