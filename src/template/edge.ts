import type { TagOptions, TemplateHelpers } from './template-functions.ts'

/** What is used of an Edge instance (edge.js 6). */
export interface EdgeEngine {
  global(name: string, value: unknown): unknown
  readonly globals: object
}

interface EdgeGlobals {
  readonly html: { safe(html: string): unknown }
}

/**
 * Gives an Edge instance the helpers as globals: `{{ static('css/site.css') }}`, `{{ stylesheetTag('css/site.css') }}`.
 * Markup is marked safe, so two braces do.
 */
export function installEdge(edge: EdgeEngine, helpers: TemplateHelpers): void {
  const { html } = edge.globals as EdgeGlobals
  edge.global('static', helpers.static)
  edge.global('staticIntegrity', helpers.staticIntegrity)
  for (const tag of ['stylesheetTag', 'scriptTag', 'moduleTag', 'preloadTag'] as const) {
    edge.global(tag, (name: string, options?: TagOptions) => html.safe(helpers[tag](name, options)))
  }
  edge.global('importMapTag', (imports: Readonly<Record<string, string>>, options?: TagOptions) =>
    html.safe(helpers.importMapTag(imports, options)),
  )
}
