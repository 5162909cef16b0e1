import { chooseHelpers } from './request-helpers.ts'
import type { TagOptions, TemplateHelpers, UrlOptions } from './template-functions.ts'

/** What is used of Handlebars (handlebars 4). */
export interface HandlebarsEngine {
  registerHelper(name: string, helper: never): unknown
  readonly SafeString: new (html: string) => unknown
}

interface HelperCall<T> {
  readonly hash: T
  readonly data?: { readonly root?: unknown }
}

/**
 * Gives Handlebars the helpers: `{{static 'css/site.css'}}`, `{{stylesheetTag 'css/site.css' media='print'}}`,
 * `{{importMapTag app='js/app.js'}}`. Options are hash arguments; markup needs no triple braces. Nonce and host are those
 * of the request where the page is rendered with `reply.locals`.
 */
export function installHandlebars(handlebars: HandlebarsEngine, helpers: TemplateHelpers): void {
  const { SafeString } = handlebars
  const helpersFor = ({ data }: HelperCall<unknown>) => chooseHelpers(data?.root, helpers)
  const register = (name: string, helper: (...values: never[]) => unknown) =>
    handlebars.registerHelper(name, helper as never)
  register('static', (name: string, call: HelperCall<UrlOptions>) => helpersFor(call).static(name, call.hash))
  register('staticIntegrity', (name: string) => helpers.staticIntegrity(name))
  for (const tag of ['stylesheetTag', 'scriptTag', 'moduleTag', 'preloadTag'] as const) {
    register(
      tag,
      (name: string, call: HelperCall<TagOptions>) => new SafeString(helpersFor(call)[tag](name, call.hash)),
    )
  }
  register('importMapTag', (call: HelperCall<Record<string, string>>) => {
    const { nonce, ...imports } = call.hash
    return new SafeString(helpersFor(call).importMapTag(imports, nonce === undefined ? {} : { nonce }))
  })
}
