import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { blocksOf } from './guide.ts'
import { EXCEPTIONS, OUTPUT, REFERENCE_PAGES } from './reference-pages.ts'

/** Pages that have tests of their own: how many blocks these follow, and which they are. */
const FOLLOWED: Readonly<Record<string, readonly [blocks: number, ...tests: string[]]>> = {
  'README.md': [5, 'docs/first-steps.long.test.ts'],
  'docs/coming-from-express.md': [5, 'docs/guides.long.test.ts'],
  'docs/getting-started.md': [10, 'docs/first-steps.long.test.ts', 'docs/getting-started.long.test.ts'],
  'docs/guides/ci.md': [3, 'docs/guides.long.test.ts'],
  'docs/guides/cloudflare.md': [4, 'docs/guides.long.test.ts'],
  'docs/guides/cloudfront.md': [4, 'docs/guides.long.test.ts'],
  'docs/guides/containers.md': [4, 'docs/dockerfile.long.test.ts', 'docs/guides.long.test.ts'],
  'docs/guides/monorepos.md': [8, 'docs/guides.long.test.ts'],
  'docs/guides/single-page-apps.md': [7, 'docs/guides.long.test.ts'],
  'docs/guides/transforms.md': [12, 'docs/transforms.long.test.ts'],
  'docs/guides/typescript.md': [5, 'docs/guides.long.test.ts'],
  'docs/media.md': [10, 'docs/media.long.test.ts', 'docs/media-record.long.test.ts'],
  'docs/starting-points.md': [
    25,
    'docs/starting-points-css.long.test.ts',
    'docs/starting-points-vite.long.test.ts',
  ],
  'docs/tabs.md': [3, 'serve/page/version-browser.long.test.ts'],
  'docs/templates/edge.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/ejs.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/eta.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/handlebars.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/liquid.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/nunjucks.md': [3, 'docs/templates.long.test.ts'],
  'docs/templates/pug.md': [3, 'docs/templates.long.test.ts'],
  'docs/vite.md': [4, 'docs/vite.long.test.ts'],
}

const PAGES = [
  'README.md',
  ...readdirSync(join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('staticfiles'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`),
]

const isException = (page: string, code: string) =>
  EXCEPTIONS.some(([where, piece]) => where === page && code.includes(piece))

test('a test follows every block of every page', () => {
  for (const page of PAGES) {
    const blocks = blocksOf(page).filter(
      ({ language, code }) => !OUTPUT.has(language) && !isException(page, code),
    )
    const setup = REFERENCE_PAGES[page.replace(/^docs\//, '')]
    if (setup !== undefined && setup.codeBy === undefined) {
      const others = blocks.filter(({ file, language }) => file === undefined && !/^(js|sh)$/.test(language))
      assert.deepEqual(others, [], `${page}: nothing runs these`)
      continue
    }
    const [count, ...tests] = FOLLOWED[page] ?? [0]
    const lines = blocks.map(({ line }) => line).join(', ')
    assert.equal(
      blocks.length,
      count,
      `${page} has blocks in lines ${lines}, ${tests.join(' and ') || 'no test'} follows ${count} of them: ` +
        'follow the new one, then count it here',
    )
  }
})

test('the tests that follow pages are there, and so is each exception, once', () => {
  for (const [page, [, ...tests]] of Object.entries(FOLLOWED)) {
    assert.ok(PAGES.includes(page), page)
    for (const file of tests) assert.ok(existsSync(join(REPOSITORY, 'test', file)), file)
  }
  for (const [page, piece, , by] of EXCEPTIONS) {
    assert.equal(blocksOf(page).filter(({ code }) => code.includes(piece)).length, 1, `${page}: ${piece}`)
    assert.ok(
      readFileSync(join(REPOSITORY, 'test', by), 'utf8').includes(piece),
      `${by} doesn't run ${piece}`,
    )
  }
})
