import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { GROUPS, indexName, PAGES, urlOf } from './pages.ts'

// The documentation as a site. `npm run docs` builds it, docs/site serves it.

const CACHE = join(import.meta.dirname, '../../.cache/docs')
const REPOSITORY = 'https://github.com/fingerpost/fingerpost'
/** A page that isn't of VitePress. */
const CHARTS = 'benchmarks.html'

export default defineConfig({
  title: 'fingerpost',
  description: 'Fingerprinted static files for Fastify',
  lang: 'en',
  outDir: join(CACHE, 'pages'),
  cacheDir: join(CACHE, 'vitepress'),
  rewrites: Object.fromEntries(
    PAGES.filter(({ file }) => file !== indexName(file)).map(({ file }) => [file, indexName(file)]),
  ),
  // What the demo builds has pages of packages in it.
  srcExclude: ['demo/*/**'],
  // The examples name it.
  ignoreDeadLinks: ['http://localhost:3000'],
  head: [['link', { rel: 'icon', href: '/icon.svg' }]],
  buildEnd: ({ srcDir, outDir }) => {
    // In the repository it links to the file beside it, and needs no icon.
    const charts = readFileSync(join(srcDir, CHARTS), 'utf8')
      .replace('href="benchmarks.md"', 'href="/benchmarks.html"')
      .replace('</title>', '</title><link rel="icon" href="/icon.svg">')
    mkdirSync(join(outDir, 'charts'), { recursive: true })
    writeFileSync(join(outDir, 'charts', CHARTS), charts)
    cpSync(join(srcDir, 'site/icon.svg'), join(outDir, 'icon.svg'))
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { ejs: 'html', eta: 'html', njk: 'html' },
    anchor: { slugify: anchorOf },
    config: (markdown) => {
      markdown.core.ruler.push('fingerpost', ({ tokens, env }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet('href')
          if (href !== null) token.attrSet('href', siteLink(href, env.relativePath))
          if (href === CHARTS) token.attrSet('target', '_self')
          // Vue would evaluate `{{ static('a.css') }}`.
          if (token.type === 'code_inline') token.attrSet('v-pre', '')
        }
      })
    },
  },
  themeConfig: {
    sidebar: GROUPS.map(({ text, pages }) => ({
      text,
      items: pages.map((page) => ({ text: page.text, link: urlOf(page.file) })),
    })),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
  },
})

/** Pages link to files, as GitHub needs it. What is not a page of the site leads to GitHub. */
function siteLink(href: string, page: string): string {
  const { protocol, pathname, hash } = new URL(href, `file:///docs/${page}`)
  if (protocol !== 'file:' || href.startsWith('#')) return href
  if (href === CHARTS) return `/charts/${CHARTS}`
  const isPage = /^\/docs\/.*\.md$/.test(pathname)
  return isPage ? indexName(href) : `${REPOSITORY}/blob/main${pathname}${hash}`
}

/** The anchor of a heading as GitHub makes it: links in the pages have to work on both. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
}
