import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { openBrowser } from '../../support/browser.ts'
import { REPOSITORY } from '../../support/cli.ts'
import { hasTool } from '../../support/require.ts'
import { startApp } from './version-app.ts'

const DOCS = readFileSync(join(REPOSITORY, 'docs/tabs.md'), 'utf8')
const [OFFER = '', NEXT = ''] = [...DOCS.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code)

/** The page, its clock in the test's hand, and how often it has asked for the version. */
async function openPage(context: TestContext, app: FastifyInstance) {
  const page = await (await openBrowser(context)).newPage()
  await page.clock.install({ time: 0 })
  await page.clock.pauseAt(1000)
  await page.addInitScript(`
    window.events = []
    addEventListener('fingerpost:outdated', ({ detail }) => events.push(detail.version))
    window.asked = 0
    const { fetch } = window
    window.fetch = (...given) => { asked++; return fetch(...given) }`)
  await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }), { waitUntil: 'load' })
  return { page, asked: () => page.evaluate('asked') }
}

async function show(page: Page, hidden: 'hidden' | 'shown'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: ${hidden === 'hidden'}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`)
}

const MINUTE = 60_000

test('a page asks once a minute while it is shown, and is told once of a new build', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { app, redeploy } = await startApp(context)
  const { page, asked } = await openPage(context, app)
  await page.clock.runFor(MINUTE - 1)
  assert.equal(await asked(), 0)
  await page.clock.runFor(3 * MINUTE)
  assert.equal(await asked(), 3)
  await show(page, 'hidden')
  const { digest } = await redeploy()
  await page.clock.runFor(10 * MINUTE)
  assert.equal(await asked(), 3, 'a hidden page asks nothing')
  await show(page, 'shown')
  await page.waitForFunction('events.length > 0')
  await show(page, 'shown')
  await page.clock.runFor(10 * MINUTE)
  assert.deepEqual(await page.evaluate('events'), [digest])
  assert.equal(await asked(), 4, 'a page that knows asks no more')
})

test('tabs that are shown again and again ask once a minute', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { app } = await startApp(context)
  const { page, asked } = await openPage(context, app)
  await page.clock.runFor(MINUTE / 2)
  for (let time = 0; time < 5; time++) await show(page, 'shown')
  assert.equal(await asked(), 0)
  // Not by the timer, which runs at full minutes.
  await page.clock.fastForward(MINUTE * 0.75)
  const before = Number(await asked())
  for (let time = 0; time < 5; time++) await show(page, 'shown')
  assert.ok(before <= 1)
  assert.equal(await asked(), 1)
})

test('a dynamic import whose file was pruned tells at once, one that fails otherwise does not', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { app, cwd, first, redeploy } = await startApp(context)
  const { page, asked } = await openPage(context, app)
  await page.evaluate("void import('/elsewhere.js')")
  await page.waitForFunction('asked > 0')
  await page.waitForLoadState('networkidle')
  assert.deepEqual(await page.evaluate('events'), [])
  const { digest } = await redeploy()
  const { file = '' } = first.assets.get('js/late.js') ?? {}
  for (const end of ['', '.br', '.gz']) rmSync(join(cwd, 'staticfiles', file + end), { force: true })
  await page.evaluate(`void import('/static/${file}')`)
  await page.waitForFunction('events.length > 0')
  assert.deepEqual(await page.evaluate('events'), [digest])
  assert.equal(await asked(), 2)
})

test('the documented button reloads the page into the new build', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { app, redeploy } = await startApp(context, OFFER)
  const { page } = await openPage(context, app)
  const { digest } = await redeploy()
  await page.clock.runFor(MINUTE)
  await page.locator('button').click()
  await page.locator(`meta[content="${digest}"]`).waitFor({ state: 'attached' })
  assert.equal(await page.locator('button').count(), 0)
})

/** A router as single-page apps have it. */
const ROUTER = `
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href]')
  if (!link) return
  event.preventDefault()
  history.pushState({}, '', link.href)
  document.querySelector('h1').textContent = 'routed'
})`

test('after the documented lines the next navigation is a full load, and the one before is not', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { app, redeploy } = await startApp(context, NEXT + ROUTER)
  const { page } = await openPage(context, app)
  await page.locator('a').click()
  await page.locator('h1', { hasText: 'routed' }).waitFor()
  const { digest } = await redeploy()
  await page.clock.runFor(MINUTE)
  await page.waitForFunction('events.length > 0')
  await page.locator('a').click()
  await page.locator('h1', { hasText: '/other' }).waitFor()
  await page.locator(`meta[content="${digest}"]`).waitFor({ state: 'attached' })
})
