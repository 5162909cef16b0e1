import { escapeHtml } from './html.ts'
import { chooseHelpers } from './template-functions.ts'
import type { TagOptions, TemplateHelpers } from './template-helpers.ts'

/** The part of a Liquid engine that is used (liquidjs 10). */
export interface LiquidEngine {
  registerFilter(name: string, filter: never): unknown
  registerTag(name: string, tag: never): unknown
  evalValueSync(expression: string, scope: never): unknown
}

/**
 * Adds the tag `{% static 'css/site.css' %}` to a Liquid engine, and filters named in Liquid's style:
 * `{{ 'css/site.css' | static }}`, `{{ 'css/site.css' | stylesheet_tag: media: 'print' }}`. Liquid does not escape, so
 * these escape their URLs; `outputEscape` does not escape them again. Nonce and host are those of the request if the page
 * is rendered with `reply.locals`.
 */
export function installLiquid(liquid: LiquidEngine, helpers: TemplateHelpers): void {
  for (const [name, filter] of Object.entries(FILTERS)) {
    liquid.registerFilter(name, {
      handler(this: FilterCall, value: never, ...options: LiquidOption[]) {
        return filter(chooseHelpers(this.context.environments, helpers), value, Object.fromEntries(options))
      },
      // The result is markup or already escaped.
      raw: true,
    } as never)
  }
  const url = (name: string) => escapeHtml(helpers.static(name))
  liquid.registerTag('static', createStaticTag(liquid, url) as never)
}

/** A keyword argument as liquidjs passes it to a filter. */
type LiquidOption = readonly [name: string, value: never]

interface FilterCall {
  /** `environments`: the data of the page. */
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
  version_tag: (helpers, _value, options) => helpers.versionTag(options),
  inline: (helpers, name, options) => helpers.inline(name, options),
  vite_tags: (helpers, name, options) => helpers.viteTags(name, options),
  import_map_tag: (helpers, imports, options) =>
    helpers.importMapTag(Object.keys(imports ?? {}).length === 0 ? undefined : imports, options),
}

interface StaticTag {
  expression: string
}

function createStaticTag(liquid: LiquidEngine, url: (name: string) => string): object {
  // A path without quotes does not parse. It is no name, like an undefined variable.
  const evaluate = (expression: string, scope: never) => {
    try {
      return liquid.evalValueSync(expression, scope)
    } catch {
      return undefined
    }
  }
  return {
    // liquidjs creates an object with these methods for each use of the tag.
    parse(this: StaticTag, token: { readonly args: string }): void {
      this.expression = token.args
    },
    render(this: StaticTag, scope: never): string {
      return url(evaluate(this.expression, scope) as string)
    },
  }
}
