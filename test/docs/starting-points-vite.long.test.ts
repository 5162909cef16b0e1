import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { hasTool } from '../support/require.ts'
import { setUpStartingPoint } from './starting-point.ts'

async function expectCounter(page: Page, label: string): Promise<void> {
  const button = page.locator('button')
  await button.filter({ hasText: `${label}: 0` }).waitFor()
  await page.waitForFunction("getComputedStyle(document.querySelector('button')).color === 'rgb(0, 0, 255)'")
  await button.click()
  await button.filter({ hasText: `${label}: 1` }).waitFor()
}

for (const [title, source, kept] of [
  ['React', 'src/Counter.jsx', 1],
  ['Svelte', 'src/App.svelte', 0],
] as const) {
  test(`the starting point for ${title} develops with hot updates and serves a build`, {
    timeout: 300_000,
  }, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const { page, failures, develop, deploy, edit } = await setUpStartingPoint(context, title)
    await develop()
    await expectCounter(page, 'Count')
    await page.evaluate('window.isOld = true')
    edit(source, 'Count:', 'Clicks:')
    await page.locator('button', { hasText: `Clicks: ${kept}` }).waitFor()
    assert.equal(await page.evaluate('window.isOld'), true, 'the page was not loaded again')
    await deploy()
    await expectCounter(page, 'Clicks')
    assert.deepEqual(failures, [])
  })
}
