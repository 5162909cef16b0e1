import type { TemplateHelpers } from './template-functions.ts'

/**
 * The helpers of the request a page is rendered for, where its data hold them as `reply.locals` gives them: they know the
 * nonce and the host, which helpers installed once and for all don't.
 *
 * @param data what the engine was given to render with
 */
export function chooseHelpers(data: unknown, installed: TemplateHelpers): TemplateHelpers {
  if (typeof data !== 'object' || data === null) return installed
  const { static: url, stylesheetTag } = data as Partial<TemplateHelpers>
  return typeof url === 'function' && typeof stylesheetTag === 'function'
    ? (data as TemplateHelpers)
    : installed
}
