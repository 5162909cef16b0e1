import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { findFaults, type Look } from '../test/support/look.ts'
import { drawTerminal, runExample } from './terminal.ts'

// The pictures of the documentation, and those to look at before a release: `npm run pictures`.

const ROOT = join(import.meta.dirname, '..')
const IMAGES = join(ROOT, 'docs/images')
const CACHE = join(ROOT, '.cache')

/** The addresses of some pages, by the names of their pictures. */
export type Pages = Readonly<Record<string, string>>

/** What is looked at of a report and of the site. */
export function pagesOfSite(report: string, site: string): Pages {
  return {
    report,
    site: `${site}/`,
    'site-page': `${site}/guides/ci.html`,
    benchmarks: `${site}/charts/benchmarks.html`,
  }
}

export function pagesOfDemo(demo: string): Pages {
  return {
    demo: `${demo}/`,
    'demo-map': `${demo}/map`,
    'demo-ports': `${demo}/ports`,
    'demo-formulas': `${demo}/formulas`,
    'demo-assets': `${demo}/assets`,
    'demo-all-assets': `${demo}/assets?all`,
    'demo-profile': `${demo}/profile`,
  }
}

/** Pages of thousands of elements, of which axe looks at fewer. */
const LARGE: Readonly<Record<string, { readonly contrast: 'two'; readonly unfold: false }>> = {
  benchmarks: { contrast: 'two', unfold: false },
  'demo-all-assets': { contrast: 'two', unfold: false },
}

/** Takes a picture of every page in every look: `NAME-LOOK.png`. Returns what is wrong with the pages. */
export async function takePictures(
  browser: BrowserContext,
  pages: Pages,
  folder: string,
): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true })
  const faults: string[] = []
  for (const [name, url] of Object.entries(pages)) {
    const see = async (page: Page, look: Look) => {
      await savePicture(page, join(folder, `${name}-${look.name}.png`))
    }
    faults.push(...(await findFaults(browser, url, { see, ...LARGE[name] })))
  }
  return faults
}

/** With as few colours as it takes to look the same, so that it is small. */
async function savePicture(page: Page, file: string): Promise<void> {
  await sharp(await page.screenshot())
    .png({ palette: true, quality: 90, effort: 8 })
    .toFile(file)
}

/** The treemap of the demo, one folder deep. */
async function takeReport(browser: BrowserContext, url: string): Promise<void> {
  const page = await browser.newPage()
  await page.setViewportSize({ width: 1000, height: 760 })
  await page.goto(url)
  await page.getByRole('button', { name: /^vendor / }).click()
  await page.getByRole('button', { name: /^katex / }).waitFor()
  await savePicture(page, join(IMAGES, 'report.png'))
  await page.close()
}

async function takeDemo(browser: BrowserContext, url: string): Promise<void> {
  const page = await browser.newPage()
  await page.setViewportSize({ width: 1000, height: 700 })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.getByText('What this page downloaded').click()
  await page.locator('[data-requests]').scrollIntoViewIfNeeded()
  await savePicture(page, join(IMAGES, 'demo.png'))
  await page.close()
}

/** Starts a program of this repository that prints its address. */
async function start(...words: readonly string[]): Promise<{ readonly url: string; stop(): void }> {
  const env = { ...process.env, PORT: '0', MEDIA: join(CACHE, 'pictures-media') }
  const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/[\w.:]+/.exec(line)?.[0]
    if (url !== undefined) return { url, stop: () => child.kill() }
  }
  throw new Error(`${words.join(' ')} ended before it had an address`)
}

async function main(): Promise<void> {
  writeFileSync(join(IMAGES, 'build.svg'), drawTerminal(runExample()))
  const report = join(CACHE, 'report.html')
  const config = ['-c', 'docs/demo/fingerpost.config.js']
  execFileSync(process.execPath, ['dist/cli.cjs', 'report', ...config, '-o', report], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  const site = await start('docs/site/server.js')
  const demo = await start('docs/demo/server.js')
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  const chrome = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const browser = await chrome.newContext()
    const page = pathToFileURL(report).href
    await takeReport(browser, page)
    await takeDemo(browser, demo.url)
    const pages = { ...pagesOfSite(page, site.url), ...pagesOfDemo(demo.url) }
    const faults = await takePictures(browser, pages, join(CACHE, 'pictures'))
    for (const fault of faults) console.error(fault)
    console.log(`The pictures are in docs/images and .cache/pictures. ${faults.length} faults were found.`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    await chrome.close()
    site.stop()
    demo.stop()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
