import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** The system's Chromium, with its cache in a folder of its own. */
export function openChromium(profile: string): Promise<BrowserContext> {
  const args = ['--no-sandbox', '--disable-gpu']
  return chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args,
  })
}

/** First Contentful Paint of a page, in milliseconds from its start. Waits for it. */
export function firstPaint(page: Page): Promise<number> {
  return page.evaluate<number>(PAINT)
}

const PAINT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime)
  }).observe({ type: 'paint', buffered: true })
})`
