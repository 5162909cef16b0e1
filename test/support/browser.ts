import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type BrowserContext, chromium } from 'playwright-core'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The system's Chromium with a profile and a cache of its own; both end with the test.
 *
 * @param profile a folder that outlives the browser. Default: a new one
 */
export async function openBrowser(
  context: TestContext,
  profile = mkdtempSync(join(tmpdir(), 'fingerpost-browser-')),
): Promise<BrowserContext> {
  const options = { executablePath: '/usr/bin/chromium', headless: true, args: QUIET }
  const browser = await chromium.launchPersistentContext(profile, options)
  context.after(async () => {
    await browser.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return browser
}
