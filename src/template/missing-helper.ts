const HELPERS = '(?:static(?:Integrity)?|stylesheetTag|scriptTag|moduleTag|preloadTag|importMapTag)'

/** Messages of template engines about a tag or function that they do not know, and what to write. */
const CASES: readonly (readonly [message: RegExp, remedy: string])[] = [
  [/unknown block tag: static\b/, 'installNunjucks(environment, app.staticHelpers)'],
  [new RegExp(`Unable to call \`${HELPERS}\``), 'installNunjucks(environment, app.staticHelpers)'],
  [/tag "static" not found/, 'installLiquid(liquid, app.staticHelpers)'],
  [new RegExp(`Missing helper: "${HELPERS}"`), 'installHandlebars(handlebars, app.staticHelpers)'],
  [
    new RegExp(`\\b${HELPERS} is not (?:defined|a function)`),
    'render the page with { ...reply.locals, ...data }',
  ],
]

/** What to write where a template engine does not know a helper; undefined for other errors. */
export function explainMissingHelper({ message }: Error): string | undefined {
  const [, remedy] = CASES.find(([pattern]) => pattern.test(message)) ?? []
  return remedy && `fingerpost's helpers are not installed in the template engine. Write: ${remedy}`
}
