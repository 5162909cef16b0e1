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

test('every page is in the menu of the site, once', () => {
  assert.deepEqual(SITE_PAGES.map(({ file }) => file).sort(), FILES.toSorted())
})
