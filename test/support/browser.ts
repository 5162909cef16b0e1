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

/** A folder for a browser that starts more than once. It goes with the process: a browser may still write to it. */
export function makeProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), 'fingerpost-browser-'))
  process.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  return profile
}

/** The system's Chromium, with its cache in the profile. It ends with the test. */
export async function openBrowser(context: TestContext, profile = makeProfile()): Promise<BrowserContext> {
  const options = { executablePath: '/usr/bin/chromium', headless: true, args: QUIET }
  const browser = await chromium.launchPersistentContext(profile, options)
  context.after(() => browser.close())
  return browser
}
