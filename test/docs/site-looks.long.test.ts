import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { findFaults } from '../support/look.ts'
import { hasTool } from '../support/require.ts'
import { startSite, URLS } from './site.ts'

/** Pages with every kind of block and every language: of these axe checks the dark colours too. */
const SAMPLES = new Set([
  '/',
  '/getting-started.html',
  '/serving.html',
  '/guides/ci.html',
  '/templates/pug.html',
])

/** Too long for axe to read in this test; made of nothing but the tables and text that other pages have too. */
const LONG = new Set(['/benchmarks-in-detail.html', '/charts/benchmarks.html'])

test('every page of the site is whole in light, dark and at 375 px', {
  timeout: 290_000,
}, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const origin = await startSite(context)
  const browser = await openBrowser(context)
  const faults: string[] = []
  const urls = [...URLS]
  const visit = async () => {
    for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
      const axe = LONG.has(url) ? 'never' : SAMPLES.has(url) ? 'always' : 'first'
      faults.push(...(await findFaults(browser, origin + url, { axe })))
    }
  }
  await Promise.all([visit(), visit()])
  assert.deepEqual(faults, [])
})
