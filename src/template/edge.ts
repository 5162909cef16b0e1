import type { TagOptions, TemplateHelpers } from './template-functions.ts'

/** What is used of an Edge instance (edge.js 6). */
export interface EdgeEngine {
  global(name: string, value: unknown): unknown
  readonly globals: object
}

interface EdgeGlobals {
  readonly html: { safe(html: string): object }
}

/**
 * Gives an Edge instance the helpers as globals: `{{ static('css/site.css') }}`, `{{{ stylesheetTag('css/site.css') }}}`.
 * Markup of the globals is marked safe, so that two braces do as well. Where a page's data hold helpers of their own, as
 * `reply.locals` do, Edge takes those, which return text.
 */
export function installEdge(edge: EdgeEngine, helpers: TemplateHelpers): void {
  const { html } = edge.globals as EdgeGlobals
  // Three braces print an object as text.
  const safe = (markup: string) => Object.assign(html.safe(markup), { toString: () => markup })
  edge.global('static', helpers.static)
  edge.global('staticIntegrity', helpers.staticIntegrity)
  for (const tag of ['stylesheetTag', 'scriptTag', 'moduleTag', 'preloadTag'] as const) {
    edge.global(tag, (name: string, options?: TagOptions) => safe(helpers[tag](name, options)))
  }
  edge.global('importMapTag', (imports: Readonly<Record<string, string>>, options?: TagOptions) =>
    safe(helpers.importMapTag(imports, options)),
  )
}
