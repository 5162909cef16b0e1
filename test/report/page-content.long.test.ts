import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { saveDictionaries } from '../../src/builder/publish/dictionaries.ts'
import { readHistory } from '../../src/builder/publish/record.ts'
import { LIMITS } from '../../src/core/limit.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runCli } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'

// What the page of a report says, read as a visitor reads it. Its looks are in page-browser.long.test.ts.

const LONG = 'a { color: red }\n'.repeat(2000)

/** Each of the 94 printable characters as often as the others: 6.6 bits in 8. */
function noise(bytes: number): string {
  return Array.from(randomBytes(bytes), (byte) => String.fromCharCode(33 + (byte % 94))).join('')
}

/** A project with a source outside of its folder, a cycle, and a file for every reason to look at one. */
function project(context: TestContext) {
  const sources = '["assets", { "dir": "../theme", "prefix": "theme" }]'
  const root = makeTree(context, {
    'app/fingerpost.config.json': `{ "sources": ${sources}, "encodings": ["gzip"] }`,
    'app/assets': {
      'css/site.css': `body { background: url(../img/photo.jpg) }${LONG}`,
      'img/photo.jpg': 'x'.repeat(70_000),
      'js/a.js': "import './b.js'",
      'js/b.js': "import './c.js'\n//# sourceMappingURL=b.js.map",
      'js/b.js.map': '{"version":3,"sources":[],"mappings":""}',
      'js/c.js': "import './a.js'",
      'film.mp4': 'x'.repeat(400_000),
      'twin.css': LONG,
      'noise.txt': noise(60_000),
    },
    'theme/twin.css': LONG,
  })
  const cwd = join(root, 'app')
  const run = async (...words: readonly string[]) => {
    const { code, stderr, stdout } = await runCli(cwd, words)
    assert.equal(code, 0, stderr)
    return stdout
  }
  return {
    run,
    storage: createFilesystemStorage({ root: join(cwd, 'staticfiles') }),
    write: (name: string, text: string) => writeFileSync(join(cwd, 'assets', name), text),
    url: pathToFileURL(join(cwd, 'report.html')).href,
  }
}

async function open(context: TestContext, url: string): Promise<Page> {
  const page = await (await openBrowser(context)).newPage()
  await page.goto(url)
  return page
}

async function textOf(page: Page, region: string): Promise<string> {
  return (await page.getByRole('region', { name: region }).textContent()) ?? ''
}

/** The rows of a table, with bars between the cells. */
async function rowsOf(page: Page, table: string): Promise<readonly string[]> {
  const rows = await page.getByRole('table', { name: table }).getByRole('row').all()
  return Promise.all(rows.map(async (row) => (await row.locator('th, td').allTextContents()).join(' | ')))
}

test('the code of the page is small', () => {
  const names = ['report-client.js', 'report.css']
  const sizes = names.map((name) => statSync(join(REPOSITORY, 'dist/parts', name)).size)
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 300_000, String(sizes))
})

test('the treemap shows folders, types and sources, by download or original size', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { run, url } = project(context)
  await run('build')
  await run('report')
  const page = await open(context, url)
  // What is drawn within a tile is no part of its name.
  const hasTile = (name: RegExp) => page.getByRole('button', { name }).waitFor({ timeout: 5_000 })
  await hasTile(/^css \d+ B ?, 1 file$/)
  await page.getByRole('combobox', { name: 'Size' }).selectOption('original')
  await hasTile(/^css 34\.1 kB ?, 1 file$/)
  await page.getByRole('combobox', { name: 'Group by' }).selectOption('source')
  await hasTile(/^assets [\d.]+ kB ?, 9 files$/)
  await hasTile(/^\.\.\/theme 34\.0 kB ?, 1 file$/)
  await page.getByRole('combobox', { name: 'Group by' }).selectOption('type')
  await hasTile(/^text\/css 102\.1 kB ?, 3 files$/)
})

test('a file in a cycle is marked, with the others of its cycle', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { run, url } = project(context)
  await run('build')
  await run('report')
  const page = await open(context, `${url}#file=js%2Fa.js`)
  const text = await textOf(page, 'js/a.js')
  assert.match(text, /In a cycle with js\/b\.js, js\/c\.js\./)
  assert.match(text, /Refers to 1 filejs\/b\.js js-import, .*Referred to by 1 filejs\/c\.js js-import/)
  await page.goto(`${url}#file=css%2Fsite.css`)
  assert.doesNotMatch(await textOf(page, 'css/site.css'), /cycle/)
})

test('what deserves a look, what is not referred to and what the build did are listed', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { run, url } = project(context)
  await run('build', '--report', 'report.html')
  const page = await open(context, url)
  const rows = await rowsOf(page, 'Files worth a look')
  assert.deepEqual(
    rows.map((row) => row.replace(/ \| [\d.]+ k?B \| /, ': ')),
    [
      'Why | Size | Files',
      'Large: film.mp4',
      'WebP or AVIF may halve it: img/photo.jpg',
      'Compresses badly: noise.txt',
      'Same content more than once: theme/twin.css, twin.css',
      'Source maps are public: js/b.js.map',
    ],
  )
  const unused = page.locator('section').filter({ hasText: 'Not referred to' })
  assert.match((await unused.textContent()) ?? '', /refers to 5 files\. Templates may still use them\./)
  assert.deepEqual(await unused.getByRole('link').allTextContents(), [
    ...['css/site.css', 'film.mp4', 'noise.txt', 'theme/twin.css', 'twin.css'],
  ])
  assert.match((await rowsOf(page, 'Size by encoding')).join('\n'), /^gzip \| \d+ \| [\d.]+ kB \| \d+ %$/m)
  const work = (await rowsOf(page, 'Work of the build')).join('\n')
  assert.match(work, /^values the cache did not have \| [1-9]/m)
  for (const step of ['collect', 'scan', 'encode', 'publish'])
    assert.match(work, new RegExp(`^time to ${step} \\| \\d`, 'm'))

  await run('build', '--out', 'again', '--report', 'report.html')
  await page.reload()
  const again = (await rowsOf(page, 'Work of the build')).join('\n')
  assert.match(
    again,
    /^variants compressed \| 0\nvariants from the cache \| [1-9].*\nvalues found in the cache \| [1-9]/m,
  )
})

test('any kept build can be chosen, and a returning visitor learns what dictionaries save', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { run, write, storage, url } = project(context)
  await run('build')
  for (let n = 0; n <= LIMITS.reportedBuilds; n++) {
    write('twin.css', `${LONG}/* ${n} */`)
    await run('build')
  }
  const { assets } = JSON.parse(readFileSync(new URL('staticfiles/manifest.json', url), 'utf8'))
  const { file, etag: to } = assets['twin.css']
  const { retired } = await readHistory(storage)
  const from = [...retired.values()].findLast(({ path }) => path === 'twin.css')?.etag ?? ''
  const encodings = { dcb: { size: 5, etag: '0123456789abcdef' } }
  const deltas = [{ file, to, from, dictionary: `${'A'.repeat(43)}=`, encodings }]
  await saveDictionaries(storage, { minBytes: 1, deltas })
  const report = JSON.parse(await run('report', '--json', '--out', 'report.html'))
  const page = await open(context, url)
  const options = await page.getByLabel('Since').locator('option').allTextContents()
  assert.equal(options.length, LIMITS.reportedBuilds + 1)

  const helped = report.changes.findIndex(
    ({ files }: { files: { delta?: number }[] }) => files[0]?.delta === 5,
  )
  await page.getByLabel('Since').selectOption(String(helped))
  const changed = page.locator('section').filter({ hasText: 'What changed' })
  assert.match(
    (await changed.textContent()) ?? '',
    /0 new, 1 changed, 0 renamed, 0 gone\. A returning visitor downloads 5 B, or \d+ B without dictionaries\./,
  )
  assert.match(
    (await rowsOf(page, 'Changed files'))[1] ?? '',
    /^twin\.css \| changed \| 5 B of \d+ B \| its content$/,
  )

  await page.getByLabel('Since').selectOption(String(LIMITS.reportedBuilds))
  const [{ since }] = report.older
  assert.match((await changed.textContent()) ?? '', new RegExp(`fingerpost report --against ${since}\\.`))
  await run('report', '--against', since)
  await page.reload()
  assert.match(
    (await page.getByLabel('Since').locator('option').first().textContent()) ?? '',
    new RegExp(`\\(${since}\\)$`),
  )
})
