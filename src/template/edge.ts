import { globalsOf } from './template-functions.ts'
import type { TemplateHelpers } from './template-helpers.ts'

/** The part of an Edge instance that is used (edge.js 6). */
export interface EdgeEngine {
  global(name: string, value: unknown): unknown
  readonly globals: object
}

interface EdgeGlobals {
  readonly html: { safe(html: string): object }
}

/**
 * Adds the helpers to an Edge instance as globals: `{{ static('css/site.css') }}`, `{{{ stylesheetTag('css/site.css') }}}`.
 * Markup is marked safe, so two braces work as well. If the data of a page contain helpers, as `reply.locals` does, Edge
 * uses those, which return text.
 */
export function installEdge(edge: EdgeEngine, helpers: TemplateHelpers): void {
  const { html } = edge.globals as EdgeGlobals
  // Three braces call toString().
  const safe = (markup: string) => Object.assign(html.safe(markup), { toString: () => markup })
  for (const [name, helper] of Object.entries(globalsOf(helpers, safe))) edge.global(name, helper)
}
