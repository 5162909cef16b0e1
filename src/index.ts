// Tells TypeScript of app.static and reply.static.
import './serve/page/decorations.ts'

export { defineConfig } from './builder/settings/config-file.ts'
export type { BuildOptions } from './builder/settings/options.ts'
export { type ErrorCode, FingerpostError } from './core/error.ts'
export { type Manifest, type ManifestAsset, parseManifest } from './core/manifest/manifest.ts'
// As a whole: only so can a declaration in the user's project fill in the names.
export * from './core/manifest/static-name.ts'
export type { LogicalPath } from './core/path.ts'
export type { HeaderRule } from './http/header-rules.ts'
export { fingerpost as default, fingerpost } from './plugin/plugin.ts'
export { createManifestResolver } from './resolve/manifest-resolver.ts'
export type { Resolver } from './resolve/resolver.ts'
export type { LiveModeOptions } from './serve/live-options.ts'
export type { FingerpostOptions } from './serve/options.ts'
export type { StaticStats } from './serve/site.ts'
