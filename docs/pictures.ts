import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

// The pictures of the documentation: `npm run pictures`.

const DOCS = import.meta.dirname
const REPORT = join(DOCS, '../.cache/report.html')

execFileSync(
  process.execPath,
  ['dist/cli.cjs', 'report', '-c', 'docs/demo/fingerpost.config.js', '-o', REPORT],
  {
    cwd: join(DOCS, '..'),
    stdio: 'inherit',
  },
)

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage({ viewport: { width: 1000, height: 760 } })
await page.goto(pathToFileURL(REPORT).href)
await page.getByRole('button', { name: /^vendor / }).click()
await page.getByRole('button', { name: /^katex / }).waitFor()
await page.screenshot({ path: join(DOCS, 'images/report.png') })
await browser.close()
