export { type EdgeEngine, installEdge } from './template/edge.ts'
export { type HandlebarsEngine, installHandlebars } from './template/handlebars.ts'
export type { Attributes, AttributeValue } from './template/html.ts'
export { installLiquid, type LiquidEngine } from './template/liquid.ts'
export { installNunjucks, type NunjucksEnvironment } from './template/nunjucks.ts'
export {
  createTemplateHelpers,
  type RequestFacts,
  type TagOptions,
  type TemplateHelpers,
  type UrlOptions,
} from './template/template-functions.ts'
export {
  createViteTags,
  openViteManifest,
  type ViteChunk,
  type ViteManifest,
  type ViteManifestFile,
} from './template/vite.ts'
