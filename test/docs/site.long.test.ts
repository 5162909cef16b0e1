import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { hasTool } from '../support/require.ts'
import { startSite, URLS } from './site.ts'

test('the documentation as a site', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const origin = await startSite(context)
  const browser = await openBrowser(context)

  await context.test('every link leads to a page, and to a place on it', async () => {
    const pages = new Map(
      await Promise.all(URLS.map(async (url) => [url, await read(origin + url)] as const)),
    )
    const links = [...pages].flatMap(([page, html]) =>
      [...html.matchAll(/<a\b[^>]*? href="([^"]+)"/g)].map(([, href = '']) => ({ page, href })),
    )
    assert.ok(links.length > 1000)
    const broken = []
    for (const { page, href } of links) {
      const { origin: host, pathname, hash } = new URL(href.replaceAll('&amp;', '&'), origin + page)
      if (host !== origin) continue
      const html = pages.get(pathname)
      const id = decodeURIComponent(hash.slice(1))
      if (html === undefined || (id !== '' && !html.includes(` id="${id}"`))) broken.push(`${page}: ${href}`)
    }
    assert.deepEqual(broken, [])
  })

  await context.test('files are hashed and immutable, pages are revalidated', async () => {
    const html = await read(`${origin}/serving.html`)
    const [, script = ''] = /<script type="module" src="([^"]+)"/.exec(html) ?? []
    const [, style = ''] = /href="(\/vp-icons\.[0-9a-f]{16}\.css)"/.exec(html) ?? []
    for (const url of [script, style]) {
      const answer = await fetch(origin + url)
      assert.equal(answer.status, 200, url)
      assert.match(answer.headers.get('cache-control') ?? '', /immutable/)
    }
    assert.equal((await fetch(`${origin}/serving.html`)).headers.get('cache-control'), 'no-cache')
  })

  await context.test('an unknown address is a 404 with the page that says so', async () => {
    const answer = await fetch(`${origin}/nowhere.html`)
    assert.equal(answer.status, 404)
    assert.match(await answer.text(), /<title>404 \| fingerpost<\/title>/)
  })

  await context.test('the search finds an option and leads to it', async () => {
    const page = await browser.newPage()
    await page.goto(origin, { waitUntil: 'networkidle' })
    await page.getByRole('button', { name: 'Search' }).click()
    await page.locator('#localsearch-input').fill('shortCircuit')
    await page.locator('.VPLocalSearchBox .result').first().click()
    await page.waitForURL(/\.html/)
    assert.match((await page.locator('main').textContent()) ?? '', /shortCircuit/)
    await page.close()
  })
})

async function read(url: string): Promise<string> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200, url)
  return answer.text()
}
