import { chooseHelpers } from './request-helpers.ts'
import type { TagOptions, TemplateHelpers, UrlOptions } from './template-functions.ts'

/** What is used of a Nunjucks environment (nunjucks 3). */
export interface NunjucksEnvironment {
  addGlobal(name: string, value: unknown): unknown
  addFilter(name: string, filter: (...values: never[]) => unknown): unknown
  addExtension(name: string, extension: never): unknown
  getFilter(name: string): (...values: never[]) => unknown
}

/**
 * Gives a Nunjucks environment the helpers as globals, the filter `static` and the tag Django users know:
 * `{% static 'css/site.css' %}`, `{% static 'img/logo.svg' as logo %}`. Markup of the globals is marked safe. Where a
 * page's data hold helpers of their own, as `reply.locals` do, Nunjucks takes those, which return text.
 */
export function installNunjucks(environment: NunjucksEnvironment, helpers: TemplateHelpers): void {
  const safe = environment.getFilter('safe') as (html: string) => unknown
  environment.addGlobal('static', helpers.static)
  environment.addGlobal('staticIntegrity', helpers.staticIntegrity)
  for (const name of ['stylesheetTag', 'scriptTag', 'moduleTag', 'preloadTag'] as const) {
    environment.addGlobal(name, (file: string, options?: TagOptions) => safe(helpers[name](file, options)))
  }
  environment.addGlobal('importMapTag', (imports: Readonly<Record<string, string>>, options?: TagOptions) =>
    safe(helpers.importMapTag(imports, options)),
  )
  environment.addFilter('static', function (this: FilterCall, name: string, options?: UrlOptions) {
    return chooseHelpers(this.ctx, helpers).static(name, options)
  })
  environment.addExtension('FingerpostStatic', createStaticTag(helpers.static) as never)
}

interface FilterCall {
  /** What the page is rendered with. */
  readonly ctx: unknown
}

interface Token {
  readonly value: string
  readonly lineno: number
  readonly colno: number
}

interface Parser {
  nextToken(): Token
  parseExpression(): unknown
  skipSymbol(name: string): boolean
  parsePrimary(): { readonly value: string }
  advanceAfterBlockEnd(name: string): unknown
}

interface Nodes {
  readonly CallExtension: new (extension: object, method: string, args: unknown, contents: null) => unknown
  readonly NodeList: new (line: number, column: number, children: readonly unknown[]) => unknown
  readonly Literal: new (line: number, column: number, value: unknown) => unknown
}

interface Context {
  setVariable(name: string, value: string): void
}

function createStaticTag(url: (name: string) => string): object {
  return {
    tags: ['static'],
    parse(parser: Parser, nodes: Nodes): unknown {
      const { value, lineno, colno } = parser.nextToken()
      const name = parser.parseExpression()
      const variable = parser.skipSymbol('as') ? parser.parsePrimary().value : ''
      parser.advanceAfterBlockEnd(value)
      const target = new nodes.Literal(lineno, colno, variable)
      return new nodes.CallExtension(this, 'run', new nodes.NodeList(lineno, colno, [name, target]), null)
    },
    run(context: Context, name: string, variable: string): string {
      if (variable === '') return url(name)
      context.setVariable(variable, url(name))
      return ''
    },
  }
}
