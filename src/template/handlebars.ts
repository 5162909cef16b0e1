import { chooseHelpers, TAG_HELPERS } from './template-functions.ts'
import type { TagOptions, TemplateHelpers } from './template-helpers.ts'

/** The part of Handlebars that is used (handlebars 4). */
export interface HandlebarsEngine {
  registerHelper(name: string, helper: never): unknown
  readonly SafeString: new (html: string) => unknown
}

interface HelperCall {
  readonly hash: TagOptions
  readonly data?: { readonly root?: unknown }
}

/**
 * Adds the helpers to Handlebars: `{{static 'css/site.css'}}`, `{{stylesheetTag 'css/site.css' media='print'}}`,
 * `{{importMapTag app='js/app.js'}}`. Options are hash arguments. Markup needs no triple braces. Nonce and host are those
 * of the request if the page is rendered with `reply.locals`.
 */
export function installHandlebars(handlebars: HandlebarsEngine, helpers: TemplateHelpers): void {
  const { SafeString } = handlebars
  const helpersFor = ({ data }: HelperCall) => chooseHelpers(data?.root, helpers)
  const register = (name: string, helper: (...values: never[]) => unknown) =>
    handlebars.registerHelper(name, helper as never)
  const registerNamed = (helper: string, use: (name: string, call: HelperCall) => unknown) =>
    // Without a name, the call is the only argument.
    register(helper, (name: string, call?: HelperCall) =>
      call === undefined ? use(undefined as never, name as never) : use(name, call),
    )
  registerNamed('static', (name, call) => helpersFor(call).static(name, call.hash))
  registerNamed('staticIntegrity', (name) => helpers.staticIntegrity(name))
  for (const tag of TAG_HELPERS) {
    registerNamed(tag, (name, call) => new SafeString(helpersFor(call)[tag](name, call.hash)))
  }
  register('versionTag', (call: HelperCall) => new SafeString(helpersFor(call).versionTag(call.hash)))
  register('importMapTag', (call: HelperCall) => {
    const { nonce, ...imports } = call.hash
    const names = Object.keys(imports).length === 0 ? undefined : (imports as Record<string, string>)
    return new SafeString(helpersFor(call).importMapTag(names, nonce === undefined ? {} : { nonce }))
  })
}
