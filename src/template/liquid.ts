import { escapeHtml } from './html.ts'
import { chooseHelpers } from './request-helpers.ts'
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
 * itself, so both escape their URL; with `outputEscape` it is not escaped again. Nonce and host are those of the request
 * where the page is rendered with `reply.locals`.
 */
export function installLiquid(liquid: LiquidEngine, helpers: TemplateHelpers): void {
  for (const [name, filter] of Object.entries(FILTERS)) {
    liquid.registerFilter(name, {
      handler(this: FilterCall, value: never, ...options: LiquidOption[]) {
        return filter(chooseHelpers(this.context.environments, helpers), value, Object.fromEntries(options))
      },
      // What we give is escaped, or markup.
      raw: true,
    } as never)
  }
  const url = (name: string) => escapeHtml(helpers.static(name))
  liquid.registerTag('static', createStaticTag(liquid, url) as never)
}

/** A keyword argument of a filter, as liquidjs passes it. */
type LiquidOption = readonly [name: string, value: never]

interface FilterCall {
  /** `environments`: what the page is rendered with. */
  readonly context: { readonly environments: unknown }
}

type LiquidFilter = (helpers: TemplateHelpers, value: never, options: TagOptions) => string

const FILTERS: Readonly<Record<string, LiquidFilter>> = {
  static: (helpers, name, options) => escapeHtml(helpers.static(name, options)),
  static_integrity: (helpers, name) => helpers.staticIntegrity(name),
  stylesheet_tag: (helpers, name, options) => helpers.stylesheetTag(name, options),
  script_tag: (helpers, name, options) => helpers.scriptTag(name, options),
  module_tag: (helpers, name, options) => helpers.moduleTag(name, options),
  preload_tag: (helpers, name, options) => helpers.preloadTag(name, options),
  import_map_tag: (helpers, imports, options) => helpers.importMapTag(imports, options),
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
