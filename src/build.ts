export {
  BUILD_DEFAULTS,
  type BuildConfig,
  type BuildOptions,
  type CacheOption,
  type CompressRule,
  defineConfig,
  parseBuildOptions,
  type SourceOption,
} from './build/options.ts'
export type {
  BuildEvent,
  BuildReport,
  BuildStep,
  BuildWork,
  CheckFault,
  CheckReport,
  PruneReport,
  Tally,
} from './build/report.ts'
export { FingerpostError } from './core/error.ts'
