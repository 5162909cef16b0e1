import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { PAGES as SITE_PAGES } from '../../docs/.vitepress/pages.ts'
import { generate, PAGES } from '../../docs/tables.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test('the tables of options, limits and commands are those of the code', () => {
  for (const page of PAGES) assert.equal(read(page), generate(page), `${page} is old: npm run docs:tables`)
})

test('troubleshooting has a row for every error code, and for no other', () => {
  const union = /export type ErrorCode =([\s\S]*?)\n\n/.exec(read('src/core/error.ts'))?.[1] ?? ''
  const codes = [...union.matchAll(/'(FP_\w+)'/g)].map(([, code]) => code)
  const rows = [...read('docs/troubleshooting.md').matchAll(/^\| `(FP_\w+)` \|/gm)].map(([, code]) => code)
  assert.ok(codes.length > 10)
  assert.deepEqual(rows.sort(), codes.sort())
})

test('the page on architecture names every room, and every file it names is there', () => {
  const text = read('docs/architecture.md')
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of rooms)
    assert.ok(text.includes(`\n| \`${name}\` |`), `docs/architecture.md has no row for ${name}`)
  for (const [, file = ''] of text.matchAll(/`((?:\w+\/)+[\w.-]+\.ts)`/g)) {
    assert.ok(existsSync(join(ROOT, file)) || existsSync(join(ROOT, 'src', file)), file)
  }
})

/** The files of all pages, below `docs/`. */
const FILES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.md') && !file.includes('staticfiles'))

test('links between the pages lead to files', () => {
  for (const page of ['README.md', ...FILES.map((file) => `docs/${file}`)]) {
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(ROOT, dirname(page), link)), `${page} links to ${link}`)
    }
  }
})

/** Words from which a page has contents at its top. */
const LONG_PAGE_WORDS = 1500

test('long pages begin with their contents', () => {
  const isWritten = (file: string) => file !== 'benchmarks-in-detail.md' && file !== 'limits.md'
  const long = FILES.filter(isWritten).filter(
    (file) => read(`docs/${file}`).split(/\s+/).length >= LONG_PAGE_WORDS,
  )
  assert.ok(long.length > 5)
  for (const file of long) {
    const text = read(`docs/${file}`).replace(/^( *)```[\s\S]*?^\1```$/gm, '')
    const [top = '', ...rest] = text.split(/^(?=## )/m)
    for (const section of rest) {
      const [, heading = ''] = /^## (.*)/.exec(section) ?? []
      assert.ok(top.includes(`[${heading.replaceAll('`', '')}](#`), `${file} has no link to "${heading}"`)
    }
  }
})

test('the start page asks what one has, and leads to a page for each', () => {
  const rows = read('docs/README.md')
    .split('## All pages')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
  const answers = {
    'a Fastify app with templates': 'templates/README.md',
    'a Fastify app that uses @fastify/static': 'coming-from-fastify-static.md',
    Vite: 'vite.md',
    'HTML files': 'references.md#other-files',
    'a single-page app': 'guides/single-page-apps.md',
    'a Django project': 'coming-from-django.md',
    'a Rails project': 'coming-from-rails.md',
    'an Express app': 'coming-from-express.md',
    'a CI pipeline': 'guides/ci.md',
    'Docker, Fly, Render': 'guides/containers.md',
    'a question': 'faq.md',
  }
  assert.match(rows?.[0] ?? '', /you have/)
  for (const [you, page] of Object.entries(answers)) {
    const row = rows?.find((line) => line.startsWith(`| ${you} |`))
    assert.ok(row?.includes(`](${page})`), `${you}: ${row}`)
  }
  for (const page of ['with-vite', 'typescript', 'cloudflare', 'cloudfront', 'monorepos'])
    assert.ok(
      rows?.some((line) => line.includes(`](guides/${page}.md)`)),
      page,
    )
})

test('the README shows the idea, a build and a report, and the documentation a demo', () => {
  const pictures = (page: string) =>
    [...read(page).matchAll(/!\[[^\]]{20,}\]\(([^)]+)\)/g)].map(([, file]) => file)
  assert.deepEqual(pictures('README.md'), [
    'docs/images/idea.svg',
    'docs/images/build.svg',
    'docs/images/report.png',
  ])
  assert.deepEqual(pictures('docs/demo/README.md'), ['../images/demo.png'])
})

test('every page is in the menu of the site, once', () => {
  assert.deepEqual(SITE_PAGES.map(({ file }) => file).sort(), FILES.toSorted())
})
