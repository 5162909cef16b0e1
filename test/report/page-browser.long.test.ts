import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openBrowser } from '../support/browser.ts'
import { runCli } from '../support/cli.ts'
import { findFaults } from '../support/look.ts'
import { makeTree } from '../support/tree.ts'

/** A site of many icons in one folder, a stylesheet, and modules of which one was edited. */
async function makeReport(context: TestContext): Promise<string> {
  const icons = Array.from({ length: 150 }, (_, at) => [`icons/${at}.svg`, `<svg id="i${at}"/>`])
  const cwd = makeTree(context, {
    'fingerpost.config.json': '{ "sources": ["assets"], "encodings": [] }',
    assets: {
      'css/site.css': 'a { background: url(../icons/7.svg) } /* </script><script>alert(1)</script> */',
      'js/a.js': "import './b.js'",
      'js/b.js': 'export const b = 1',
      ...Object.fromEntries(icons),
    },
  })
  assert.equal((await runCli(cwd, ['build'])).code, 0)
  writeFileSync(join(cwd, 'assets/js/b.js'), 'export const b = 2')
  assert.equal((await runCli(cwd, ['build', '--report', 'report.html'])).code, 0)
  return pathToFileURL(join(cwd, 'report.html')).href
}

test('the page is whole in light and dark, wide and narrow, with a file and without', async (context) => {
  const url = await makeReport(context)
  const browser = await openBrowser(context)
  const messages: string[] = []
  browser.on('console', (message) => messages.push(message.text()))
  browser.on('request', (request) => request.url().split('#')[0] === url || messages.push(request.url()))
  assert.deepEqual(await findFaults(browser, url), [])
  assert.deepEqual(await findFaults(browser, `${url}#file=css%2Fsite.css`), [])
  assert.deepEqual(messages, [], 'it asks for nothing, and says nothing')
})

test('the keyboard alone leads from the treemap to a file and what it refers to', async (context) => {
  const browser = await openBrowser(context)
  const page = await browser.newPage()
  await page.goto(await makeReport(context))
  await page.getByRole('button', { name: /^icons .*, 150 files/ }).press('Enter')
  await page.getByRole('button', { name: /^30 smaller items .*, 30 files/ }).waitFor()
  await page.getByRole('button', { name: 'all files', exact: true }).press('Enter')
  await page.getByRole('button', { name: /^css .*, 1 file/ }).press('Enter')
  await page.getByRole('button', { name: /^site\.css / }).press('Enter')
  await page.getByRole('heading', { name: 'css/site.css' }).waitFor()
  const panel = page.getByRole('region', { name: 'css/site.css' })
  assert.match((await panel.textContent()) ?? '', /A page that preloads it fetches 2 files/)
  await panel.getByRole('link', { name: 'icons/7.svg' }).press('Enter')
  await page.getByRole('heading', { name: 'icons/7.svg' }).waitFor()
  assert.match(
    (await page.getByRole('region', { name: 'icons/7.svg' }).textContent()) ?? '',
    /Referred to by 1 file\s*css\/site\.css css-url/,
  )
  await page.goBack()
  await page.getByRole('heading', { name: 'css/site.css' }).waitFor()
})

test('files are found by a part of their name, and changes say why', async (context) => {
  const browser = await openBrowser(context)
  const page = await browser.newPage()
  await page.goto(await makeReport(context))
  await page.getByLabel('Find a file').fill('49')
  await page.getByRole('list').getByRole('link', { name: 'icons/149.svg' }).first().click()
  await page.getByRole('heading', { name: 'icons/149.svg' }).waitFor()
  const changes = page.getByRole('region', { name: 'Changed files' })
  assert.match(
    (await changes.textContent()) ?? '',
    /js\/a\.jsrenamed\d+ Bjs\/b\.jsjs\/b\.jschanged\d+ Bits content/,
  )
  await page.getByLabel('Group by').selectOption('type')
  await page.getByRole('button', { name: /^text\/javascript .*, 2 files/ }).waitFor()
})

/** At most 120 tiles with 60 tiles in each are drawn, however many files there are. */
const MAX_ELEMENTS = 8_000

test('the report of 10,000 files draws only what can be seen, and says how long it takes', async (context) => {
  const files = Array.from({ length: 9_500 }, (_, at) => [`f${at % 95}/i${at}.svg`, `<svg id="i${at}"/>`])
  const sheets = Array.from({ length: 500 }, (_, at) => [
    `css/s${at}.css`,
    `a { background: url(../f${at % 95}/i${at}.svg) }`,
  ])
  const cwd = makeTree(context, {
    'fingerpost.config.json': '{ "sources": ["assets"], "encodings": [] }',
    assets: Object.fromEntries([...files, ...sheets]),
  })
  const built = await runCli(cwd, ['build', '--report', 'report.html'])
  assert.equal(built.code, 0, built.stderr)
  const page = await (await openBrowser(context)).newPage()
  await page.goto(pathToFileURL(join(cwd, 'report.html')).href)
  await page.getByRole('button', { name: /^css .*, 500 files/ }).waitFor()
  const elements = Number(await page.evaluate("document.querySelectorAll('*').length"))
  assert.ok(elements < MAX_ELEMENTS, `${elements} elements`)
  const drawn = Number(
    await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
  )
  const complete = Number(await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
  console.log(
    `10,000 files: first paint after ${drawn.toFixed()} ms, complete after ${complete.toFixed()} ms`,
  )
})
