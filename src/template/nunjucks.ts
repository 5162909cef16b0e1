import { chooseHelpers, globalsOf } from './template-functions.ts'
import type { TemplateHelpers, UrlOptions } from './template-helpers.ts'

/** The part of a Nunjucks environment that is used (nunjucks 3). */
export interface NunjucksEnvironment {
  addGlobal(name: string, value: unknown): unknown
  addFilter(name: string, filter: (...values: never[]) => unknown): unknown
  addExtension(name: string, extension: never): unknown
  getFilter(name: string): (...values: never[]) => unknown
}

/**
 * Adds the helpers to a Nunjucks environment: as globals, whose markup is marked safe, as the filter `static`, and as
 * Django's tag: `{% static 'css/site.css' %}`, `{% static 'img/logo.svg' as logo %}`. If the data of a page contain
 * helpers, as `reply.locals` does, Nunjucks uses those instead of the globals; they return text.
 */
export function installNunjucks(environment: NunjucksEnvironment, helpers: TemplateHelpers): void {
  const safe = environment.getFilter('safe') as (html: string) => unknown
  for (const [name, helper] of Object.entries(globalsOf(helpers, safe))) environment.addGlobal(name, helper)
  environment.addFilter('static', function (this: FilterCall, name: string, options?: UrlOptions) {
    return chooseHelpers(this.ctx, helpers).static(name, options)
  })
  environment.addExtension('FingerpostStatic', createStaticTag(helpers.static) as never)
}

interface FilterCall {
  /** The data of the page. */
  readonly ctx: unknown
}

interface Token {
  readonly value: string
  readonly lineno: number
  readonly colno: number
}

interface Parser {
  nextToken(): Token
  peekToken(): { readonly type: string }
  /** Throws. */
  fail(message: string, line: number, column: number): never
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
      if (parser.peekToken().type === 'block-end')
        parser.fail("static needs a name: {% static 'css/site.css' %}", lineno, colno)
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
