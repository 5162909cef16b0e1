import { FingerpostError } from '../core/error.ts'

const HELPERS =
  '(?:static(?:Integrity)?|stylesheetTag|scriptTag|moduleTag|preloadTag|importMapTag|viteTags|versionTag|inline)'

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

/** Nunjucks and Liquid have filters; Jinja's users write `{{ 'a.css' | static }}`. */
const FILTER = /(?:filter not found|undefined filter): static\b/
const FILTER_REMEDY = "static is a tag, not a filter. Write: {% static 'css/site.css' %}"

const MEDIA =
  /\bmediaUrl is not (?:defined|a function)|Unable to call `[\w.]*mediaUrl`|Missing helper: "mediaUrl"/
const MEDIA_REMEDY =
  'mediaUrl comes with the media plugin. Write: app.register(media, { storage }), and in templates { ...data, mediaUrl: app.mediaUrl }'

/**
 * What to write where a template engine does not know a helper, or an app no `mediaUrl`; undefined for other errors and
 * for those that say so already.
 */
export function explainMissingHelper({ message }: Error): string | undefined {
  if (MEDIA.test(message)) return message.includes(MEDIA_REMEDY) ? undefined : MEDIA_REMEDY
  if (FILTER.test(message)) return FILTER_REMEDY
  const [, remedy] = CASES.find(([pattern]) => pattern.test(message)) ?? []
  return remedy && `fingerpost's helpers are not installed in the template engine. Write: ${remedy}`
}

/** Stands for `app.mediaUrl` until the media plugin is registered. */
export function missingMediaUrl(): never {
  throw new FingerpostError(
    'FP_CONFIG',
    'The media plugin is not registered, or app.mediaUrl was read before it was.',
    { remedy: MEDIA_REMEDY },
  )
}
