import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { PAGES, urlOf } from '../../docs/.vitepress/pages.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { findFaults } from '../support/look.ts'
import { hasTool } from '../support/require.ts'

const URLS = [...PAGES.map(({ file }) => urlOf(file)), '/charts/benchmarks.html']

/** Pages with every kind of block and every language: of these axe checks the dark colours too. */
const SAMPLES = new Set([
  '/',
  '/getting-started.html',
  '/serving.html',
  '/guides/ci.html',
  '/templates/pug.html',
])

/** Serves the built documentation as `npm run docs:serve` does. Returns its address. */
async function startSite(context: TestContext): Promise<string> {
  const server = spawn(process.execPath, ['docs/site/server.js'], {
    cwd: REPOSITORY,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(async () => {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
  })
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\/\/[\w.:]+/.exec(line)
    if (address !== null) return address[0]
  }
  throw new Error('the site ended before it had an address')
}

test('the documentation as a site', { timeout: 900_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  execFileSync('npm', ['run', '--silent', 'docs:site'], { cwd: REPOSITORY, stdio: 'pipe' })
  const origin = await startSite(context)
  const browser = await openBrowser(context)

  await context.test('every page is whole in light, dark and at 375 px', async () => {
    const faults: string[] = []
    const urls = [...URLS]
    const visit = async () => {
      for (let url = urls.pop(); url !== undefined; url = urls.pop())
        faults.push(...(await findFaults(browser, origin + url, { contrast: SAMPLES.has(url) })))
    }
    await Promise.all([visit(), visit()])
    assert.deepEqual(faults, [])
  })

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
    await page.keyboard.press('Control+K')
    await page.getByRole('searchbox').fill('shortCircuit')
    await page.getByRole('option').first().click()
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
