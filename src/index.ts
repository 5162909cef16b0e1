// Tells TypeScript of app.static and reply.static.
import './serve/decorations.ts'

export { defineConfig } from './build/define-config.ts'
export type { BuildOptions } from './build/options.ts'
export { type ErrorCode, FingerpostError } from './core/error.ts'
export { type Manifest, type ManifestAsset, parseManifest } from './core/manifest.ts'
// As a whole: only so can a declaration in the user's project fill in the names.
export * from './core/static-name.ts'
export { createManifestResolver } from './resolve/manifest-resolver.ts'
export type { Resolver } from './resolve/resolver.ts'
export type { HeaderRule } from './serve/header-rules.ts'
export type { FingerpostOptions, LiveModeOptions } from './serve/options.ts'
export { fingerpost as default, fingerpost } from './serve/plugin.ts'
export type { StaticStats } from './serve/site.ts'
