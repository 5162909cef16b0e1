export type { ResolvedAsset, Resolver } from './resolve/resolver.ts'
export { createTestingResolver, type TestingOptions } from './resolve/testing-resolver.ts'
export { fingerpostTesting } from './serve/testing-plugin.ts'
export { createTemplateHelpers } from './template/template-functions.ts'
