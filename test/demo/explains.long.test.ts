import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { GIF } from '../support/image.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { buildDemo, startDemo } from './demo.ts'

const PAGES = ['/', '/map', '/ports', '/formulas', '/assets', '/profile']

test('the demo explains what one sees', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const root = await buildDemo(context)
  const url = await startDemo(context, REPOSITORY, root, { MEDIA: makeTree(context) })
  const browser = await openBrowser(context)

  for (const path of PAGES) {
    await context.test(`${path} shows its own requests, as the browser made them`, async () => {
      const first = await visit(browser, url + path, { cache: false })
      assert.ok(first.made.size > 8)
      assert.deepEqual(new Set(first.shown.map(([name]) => name)), new Set(first.made.keys()))
      for (const [name = '', encoding, bytes, from] of first.shown) {
        assert.equal(encoding, first.made.get(name), name)
        assert.match(bytes ?? '', /^[1-9][\d,]*$/, name)
        assert.equal(from, 'network', name)
      }
      assert.match(
        first.sum,
        new RegExp(`^${first.shown.length} requests, [\\d,]+ bytes downloaded, 0 answered`),
      )

      await visit(browser, url + path, { cache: true })
      const [document, ...files] = (await visit(browser, url + path, { cache: true })).shown
      assert.equal(document?.[3], 'network')
      for (const [name, , bytes, from] of files) assert.deepEqual([bytes, from], ['0', 'cache'], name)
    })
  }

  await context.test('the page of uploads says what was refused and why', async () => {
    const page = await browser.newPage()
    const refused = {
      'story.txt': [Buffer.from('text'), /story\.txt" are not accepted here/],
      'evil.png': [Buffer.from('<script>'), /evil\.png" is not the kind of image its name says/],
      'big.gif': [Buffer.concat([GIF, Buffer.alloc(2 * 1024 * 1024)]), /big\.gif" .*(?:2 MiB|2097152 bytes)/],
    } as const
    for (const [name, [buffer, why]] of Object.entries(refused)) {
      await page.goto(`${url}/profile`)
      await page.setInputFiles('#avatar', { name, mimeType: 'image/gif', buffer })
      await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Upload' }).click()])
      const alert = (await page.getByRole('alert').textContent()) ?? ''
      assert.match(alert, /^The upload was refused\. /)
      assert.match(alert, why)
      assert.match(alert, /Nothing of it was kept\.$/)
    }
    await page.close()
  })

  await context.test('the page of assets says how many it hides, and shows them', async () => {
    const { assets } = JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8'))
    const count = Object.keys(assets).length
    const page = await browser.newPage()
    const rows = page.getByRole('region', { name: 'Files of the build' }).locator('tbody tr')
    await page.goto(`${url}/assets`)
    const shown = await rows.count()
    assert.ok(shown > 20 && shown < count)
    const text = (await page.locator('main').textContent()) ?? ''
    assert.match(text, new RegExp(`promises ${count} files`))
    assert.match(text, new RegExp(`The table shows ${shown} of them`))
    await page.getByRole('link', { name: `Show the other ${count - shown}` }).click()
    await page.getByRole('link', { name: 'Show fewer' }).waitFor()
    assert.equal(await rows.count(), count)
    assert.match((await page.locator('main').textContent()) ?? '', /The table shows all of them/)
    await page.close()
  })
})

/** What a page shows of its requests, and what was made: the encoding of each, by name. */
interface Requests {
  readonly shown: readonly (readonly string[])[]
  readonly sum: string
  readonly made: ReadonlyMap<string, string>
}

async function visit(
  browser: BrowserContext,
  url: string,
  { cache }: { readonly cache: boolean },
): Promise<Requests> {
  const page = await browser.newPage()
  if (!cache) {
    const session = await browser.newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  }
  const { origin } = new URL(url)
  const made = new Map<string, string>()
  page.on('response', (response) => {
    const address = response.url()
    if (!address.startsWith(origin)) return
    const name = decodeURI(address.slice(origin.length)).replace(/^\/static\//, '')
    made.set(name, response.headers()['content-encoding'] ?? '–')
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.getByText('What this page downloaded').click()
  const shown = await rowsOf(page)
  const sum = (await page.locator('[data-sum]').textContent()) ?? ''
  await page.close()
  return { shown, sum, made }
}

async function rowsOf(page: Page): Promise<readonly (readonly string[])[]> {
  const rows = await page.locator('[data-requests] tbody tr').all()
  return Promise.all(rows.map((row) => row.locator('td').allTextContents()))
}
