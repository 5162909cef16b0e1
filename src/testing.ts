export { fingerpostTesting } from './plugin/testing-plugin.ts'
export type { ResolvedAsset, Resolver } from './resolve/resolver.ts'
export { createTestingResolver, type TestingOptions } from './resolve/testing-resolver.ts'
export { createTemplateHelpers } from './template/template-functions.ts'
