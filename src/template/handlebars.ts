import type { TagOptions, TemplateHelpers, UrlOptions } from './template-functions.ts'

/** What is used of Handlebars (handlebars 4). */
export interface HandlebarsEngine {
  registerHelper(name: string, helper: never): unknown
  readonly SafeString: new (html: string) => unknown
}

interface HelperCall<T> {
  readonly hash: T
}

/**
 * Gives Handlebars the helpers: `{{static 'css/site.css'}}`, `{{stylesheetTag 'css/site.css' media='print'}}`,
 * `{{importMapTag app='js/app.js'}}`. Options are hash arguments; markup needs no triple braces.
 */
export function installHandlebars(handlebars: HandlebarsEngine, helpers: TemplateHelpers): void {
  const { SafeString } = handlebars
  const register = (name: string, helper: (...values: never[]) => unknown) =>
    handlebars.registerHelper(name, helper as never)
  register('static', (name: string, { hash }: HelperCall<UrlOptions>) => helpers.static(name, hash))
  register('staticIntegrity', (name: string) => helpers.staticIntegrity(name))
  for (const tag of ['stylesheetTag', 'scriptTag', 'moduleTag', 'preloadTag'] as const) {
    register(
      tag,
      (name: string, { hash }: HelperCall<TagOptions>) => new SafeString(helpers[tag](name, hash)),
    )
  }
  register('importMapTag', ({ hash }: HelperCall<Record<string, string>>) => {
    const { nonce, ...imports } = hash
    return new SafeString(helpers.importMapTag(imports, { nonce }))
  })
}
