import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { blocksOf, makeProject, startServer } from './guide.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/vite.md'), 'utf8')
const FILES = Object.fromEntries(
  [...PAGE.matchAll(/^In `(\S+)`:\n\n```js\n([\s\S]*?)^```$/gm)].map(([, file = '', code = '']) => [
    file,
    code,
  ]),
)

/** What the recipe is for: an entry with a stylesheet, a picture, and something to share. */
const SOURCE = {
  'src/main.js':
    "import './main.css'\nimport { title } from './title.js'\ndocument.querySelector('h1').textContent = title",
  'src/title.js': `import './title.css'\nexport const title = 'Built by Vite'`,
  'src/main.css': "h1{color:rgb(1,2,3);background:url('./dot.svg')}",
  'src/title.css': 'h1{border-left:3px solid}',
  'src/dot.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<g/>'.repeat(2000)}</svg>`,
  'assets/css/own.css': '',
}

async function openPage(context: TestContext, origin: string): Promise<[page: Page, failures: string[]]> {
  const page = await (await openBrowser(context)).newPage()
  const failures: string[] = []
  page.on('requestfailed', (request) => failures.push(request.url()))
  page.on('pageerror', ({ message }) => failures.push(message))
  page.on('response', (response) => {
    if (response.url().includes('/static/') && response.status() >= 400) failures.push(response.url())
  })
  await page.goto(origin)
  return [page, failures]
}

/** The two command lines of the page, as printed. */
function commands(): readonly string[] {
  const { code = '' } = blocksOf('docs/vite.md').find(({ code }) => code.includes('node --watch')) ?? {}
  return code.split('\n')
}

test('the recipe for Vite works as it stands', { timeout: 120_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  assert.deepEqual(Object.keys(FILES), ['vite.config.js', 'fingerpost.config.js', 'app.js'])
  const project = makeProject(context, { ...SOURCE, ...FILES })
  const [develop = '', deploy = ''] = commands()
  const edit = (file: string, text: string) => writeFileSync(join(project.cwd, file), text)
  const heading = "document.querySelector('h1')"

  await context.test('in development, with hot updates, on one port and without a build', async (inner) => {
    const [page, failures] = await openPage(inner, await startServer(inner, project, develop))
    await page.waitForFunction(`${heading}.textContent === 'Built by Vite'`)
    await page.waitForFunction(`getComputedStyle(${heading}).color === 'rgb(1, 2, 3)'`)
    await page.evaluate('window.isOld = true')
    edit('src/main.css', 'h1{color:rgb(4,5,6)}')
    await page.waitForFunction(`getComputedStyle(${heading}).color === 'rgb(4, 5, 6)'`)
    assert.equal(await page.evaluate('window.isOld'), true, 'the page was not loaded again')
    assert.deepEqual(failures, [])

    edit('src/main.css', SOURCE['src/main.css'])
    edit('app.js', (FILES['app.js'] ?? '').replace('<title>Home', '<title>House'))
    await page.waitForFunction("document.title === 'House'")
    assert.equal(await page.evaluate('window.isOld'), undefined, 'the page was loaded again')
  })

  await context.test('in production', async (inner) => {
    const [page, failures] = await openPage(inner, await startServer(inner, project, deploy))
    const seen = await page.evaluate(`[${heading}.textContent, getComputedStyle(${heading}).color]`)
    assert.deepEqual(seen, ['Built by Vite', 'rgb(1, 2, 3)'])
    assert.equal(await page.evaluate("document.querySelectorAll('[integrity]').length"), 2)
    assert.deepEqual(failures, [])
  })
})
