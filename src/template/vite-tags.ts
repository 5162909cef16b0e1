import { formatScriptJson } from '../resolve/import-map.ts'
import type { PageEntry } from '../resolve/resolver.ts'
import { type Attributes, formatTag } from './html.ts'
import type { RequestFacts, TagOptions, TemplateHelpers } from './template-helpers.ts'

/** What tags are written with. */
export interface ViteTagParts {
  readonly helpers: TemplateHelpers
  readonly facts: RequestFacts
}

/** All tags that a page needs for an entry of Vite. @param name the entry's source */
export function formatViteTags(
  name: string,
  entry: PageEntry,
  options: TagOptions,
  parts: ViteTagParts,
): string {
  const { nonce = parts.facts.nonce } = options
  const { nonce: styleNonce = parts.facts.styleNonce ?? nonce } = options
  // Vite's scripts read the nonce for the stylesheets that they add.
  const meta = styleNonce === undefined ? '' : formatTag('meta', { property: 'csp-nonce', nonce: styleNonce })
  const isDev = entry.kind === 'dev'
  return meta + (isDev ? devTags(name, entry, { ...options, nonce }) : builtTags(entry, options, parts))
}

type Built = Extract<PageEntry, { readonly kind: 'built' }>
type Dev = Extract<PageEntry, { readonly kind: 'dev' }>

const STYLESHEET = /\.(?:css|less|pcss|postcss|s[ac]ss|styl|stylus|sss)$/

function builtTags({ files, needsImportMap }: Built, options: TagOptions, { helpers }: ViteTagParts): string {
  const { nonce, integrity, crossorigin, absolute } = options
  const given = { nonce, integrity, crossorigin, absolute }
  // A key without a value would hide the default of another helper.
  const shared: TagOptions = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  )
  const tags = files.map((file, index) => {
    const isEntry = index === files.length - 1
    // The manifest lists all imports: no tag preloads them again.
    const own = isEntry ? { ...options, preload: false } : { ...shared, preload: false }
    if (STYLESHEET.test(file)) return helpers.stylesheetTag(file, own)
    return isEntry ? helpers.moduleTag(file, own) : helpers.preloadTag(file, { as: 'module', ...shared })
  })
  // Browsers read it before the first module or preload of one.
  const map = needsImportMap ? helpers.importMapTag(undefined, shared) : ''
  return map + tags.join('')
}

function devTags(name: string, { url, hasReact }: Dev, options: TagOptions): string {
  const { nonce, integrity: _i, crossorigin: _c, preload: _p, absolute: _a, ...attributes } = options
  const module = (src: string, more: Attributes = {}) =>
    `${formatTag('script', { type: 'module', src: url + src, nonce, ...more })}</script>`
  const entry = STYLESHEET.test(name)
    ? formatTag('link', { rel: 'stylesheet', href: url + name, nonce, ...attributes })
    : module(name, attributes)
  return (hasReact ? reactPreamble(url, nonce) : '') + module('@vite/client') + entry
}

/** What @vitejs/plugin-react adds to pages that Vite serves itself. A second one on a page changes nothing. */
function reactPreamble(url: string, nonce: string | undefined): string {
  const code = [
    `import { injectIntoGlobalHook } from ${formatScriptJson(`${url}@react-refresh`)}`,
    'if (!window.$RefreshReg$) {',
    '  injectIntoGlobalHook(window)',
    '  window.$RefreshReg$ = () => {}',
    '  window.$RefreshSig$ = () => (type) => type',
    '}',
  ]
  return `${formatTag('script', { type: 'module', nonce })}${code.join('\n')}</script>`
}
