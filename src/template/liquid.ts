import { escapeHtml } from './html.ts'
import type { TagOptions, TemplateHelpers } from './template-functions.ts'

/** What is used of a Liquid engine (liquidjs 10). */
export interface LiquidEngine {
  registerFilter(name: string, filter: never): unknown
  registerTag(name: string, tag: never): unknown
  evalValueSync(expression: string, scope: never): unknown
}

/**
 * Gives a Liquid engine the tag `{% static 'css/site.css' %}` and filters, named as Liquid names things:
 * `{{ 'css/site.css' | static }}`, `{{ 'css/site.css' | stylesheet_tag: media: 'print' }}`. Liquid escapes nothing by
 * itself, so both escape their URL; with `outputEscape` it is not escaped again.
 */
export function installLiquid(liquid: LiquidEngine, helpers: TemplateHelpers): void {
  const url = (name: string, ...options: LiquidOption[]) =>
    escapeHtml(helpers.static(name, Object.fromEntries(options)))
  registerFilter(liquid, 'static', url)
  registerFilter(liquid, 'static_integrity', (name) => helpers.staticIntegrity(name))
  registerFilter(liquid, 'stylesheet_tag', (name, ...options) =>
    helpers.stylesheetTag(name, toOptions(options)),
  )
  registerFilter(liquid, 'script_tag', (name, ...options) => helpers.scriptTag(name, toOptions(options)))
  registerFilter(liquid, 'module_tag', (name, ...options) => helpers.moduleTag(name, toOptions(options)))
  registerFilter(liquid, 'preload_tag', (name, ...options) => helpers.preloadTag(name, toOptions(options)))
  registerFilter(liquid, 'import_map_tag', (imports, ...options) =>
    helpers.importMapTag(imports as unknown as Readonly<Record<string, string>>, toOptions(options)),
  )
  liquid.registerTag('static', createStaticTag(liquid, url) as never)
}

/** A keyword argument of a filter, as liquidjs passes it. */
type LiquidOption = readonly [name: string, value: never]

type LiquidFilter = (value: string, ...options: LiquidOption[]) => string

function registerFilter(liquid: LiquidEngine, name: string, handler: LiquidFilter): void {
  // raw: what we give is escaped, or markup.
  liquid.registerFilter(name, { handler, raw: true } as never)
}

function toOptions(options: readonly LiquidOption[]): TagOptions {
  return Object.fromEntries(options)
}

interface StaticTag {
  expression: string
}

function createStaticTag(liquid: LiquidEngine, url: (name: string) => string): object {
  return {
    // liquidjs makes an object of its own for every use of the tag, with these as its methods.
    parse(this: StaticTag, token: { readonly args: string }): void {
      this.expression = token.args
    },
    render(this: StaticTag, scope: never): string {
      return url(String(liquid.evalValueSync(this.expression, scope)))
    },
  }
}
