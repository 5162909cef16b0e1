import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { BrowserContext, Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A way to look at a page. */
export interface Look {
  readonly name: string
  readonly colorScheme: 'light' | 'dark'
  /** Of the window, in pixels. */
  readonly width: number
}

export const LOOKS: readonly Look[] = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone-dark', colorScheme: 'dark', width: 375 },
  { name: 'phone', colorScheme: 'light', width: 375 },
]

/** Both colour schemes and both widths. */
const TWO: ReadonlySet<string> = new Set(['light', 'phone-dark'])

interface Options {
  /** Called for every look, e.g. to take a picture. */
  readonly see?: (page: Page, look: Look) => Promise<unknown>
  /**
   * The looks in which axe looks at colours; on a long page that takes seconds. Default `all`; `two` is light on a wide
   * window and dark on a narrow one.
   */
  readonly contrast?: 'all' | 'two' | 'none'
  /** Whether what is folded away is opened first. Default true. */
  readonly unfold?: boolean
}

/**
 * Opens a page, looks at it in every way, and closes it.
 *
 * @returns what is wrong: console errors, failed requests, horizontal overflow, serious findings of axe
 */
export async function findFaults(
  browser: BrowserContext,
  url: string,
  { see = async () => undefined, contrast = 'all', unfold = true }: Options = {},
): Promise<readonly string[]> {
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${url}: console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`${url}: ${error.message}`))
  page.on('requestfailed', (request) => faults.push(`${url}: no answer from ${request.url()}`))
  page.on('response', (answer) => {
    if (answer.status() >= 400) faults.push(`${url}: ${answer.status()} ${answer.url()}`)
  })
  await page.goto(url, { waitUntil: 'load' })
  await page.evaluate('document.fonts.ready.then(() => undefined)')
  await page.evaluate(AXE)
  if (unfold) {
    await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
  }
  for (const look of LOOKS) {
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: look.width, height: 800 })
    await see(page, look)
    const found = [
      ...(await findOverflow(page)),
      // All other rules look at structure, which depends on the width alone.
      ...(look.colorScheme === 'light' ? await findBarriers(page, WITHOUT_CONTRAST) : []),
      ...(contrast === 'all' || (contrast === 'two' && TWO.has(look.name))
        ? await findBarriers(page, CONTRAST)
        : []),
    ]
    faults.push(...found.map((fault) => `${url} (${look.name}): ${fault}`))
  }
  await page.close()
  return faults
}

async function findOverflow(page: Page): Promise<readonly string[]> {
  const [needed, width] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number]
  return needed > width ? [`needs ${needed} px of width, has ${width}`] : []
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
}

/** What axe finds that hinders people seriously. */
const CONTRAST = { runOnly: ['color-contrast'] }
const WITHOUT_CONTRAST = { rules: { 'color-contrast': { enabled: false } } }

async function findBarriers(page: Page, options: object): Promise<readonly string[]> {
  // Without `resultTypes`, axe describes every element that is right as well.
  const violations = (await page.evaluate(
    `axe.run(${JSON.stringify({ resultTypes: ['violations'], preload: false, ...options })}).then(({ violations }) => violations)`,
  )) as Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
    )
}
