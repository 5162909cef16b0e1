import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { canMakeDeltas } from '../../src/builder/compress/delta.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { GIF, PNG } from '../support/image.ts'
import { hasTool } from '../support/require.ts'
import { BUCKET, createS3Lab } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'
import { buildDemo, copyDemo, startDemo, visitPage } from './demo.ts'

const lab = createS3Lab()

const HASHED = /\/static\/.*\.[0-9a-f]{16}(\.\w+){0,2}$/

/** What each page must have loaded besides what every page has, as patterns of logical URLs. */
const PAGES: Readonly<Record<string, readonly RegExp[]>> = {
  '/': [
    /img\/globe\./,
    /img\/grain\./,
    /img\/contours\./,
    /flags\/4x3\/za\./,
    /fraunces-latin-wght-italic\./,
  ],
  '/map': [
    /leaflet-src\.esm\./,
    /geo\/land\./,
    /images\/marker-icon\./,
    /images\/marker-shadow\./,
    /images\/layers\./,
  ],
  '/ports': [/flags\/4x3\/jp\./],
  '/formulas': [
    /KaTeX_Main-Regular\.\w+\.woff2/,
    /KaTeX_Math-Italic\./,
    /KaTeX_Size\d-Regular\./,
    /KaTeX_AMS-Regular\./,
  ],
  '/assets': [],
  '/profile': [],
}
const EVERYWHERE = [
  /bootstrap\.min\.\w+\.css/,
  /css\/theme\/fonts\./,
  /fa-solid-900\./,
  /fraunces-latin-wght-normal\./,
  /inter-latin/,
]

test('the demo from a build in a real browser', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const root = await buildDemo(context)
  const url = await startDemo(context, REPOSITORY, root, { MEDIA: makeTree(context) })
  const browser = await openBrowser(context)
  await testSite(context, browser, url)
  await testSecondVisits(context, browser, url)
  await testDeploy(context, browser, url)
  await context.test('one setting keeps portraits in a bucket', async (inner) => {
    const server = await lab.server(inner)
    if (server === undefined) return
    const { accessKeyId, secretAccessKey } = server.credentials
    const settings = {
      MEDIA: `s3://${BUCKET}/portraits`,
      S3_ENDPOINT: server.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    }
    await useProfile(browser, await startDemo(context, REPOSITORY, root, settings))
  })
})

test('the demo live, without a build, in a real browser', { timeout: 240_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const home = copyDemo(context)
  const url = await startDemo(context, home, '--live', { MEDIA: makeTree(context) })
  const browser = await openBrowser(context)
  await testSite(context, browser, url)
  await testEdits(context, browser, { url, folder: join(home, 'docs/demo') })
})

/** What holds in both modes. */
async function testSite(context: TestContext, browser: BrowserContext, url: string): Promise<void> {
  for (const [path, needed] of Object.entries(PAGES)) {
    await context.test(`${path} loads completely, under hashed names only`, async () => {
      const visit = await visitPage(browser, url + path)
      assert.deepEqual(visit.complaints, [])
      assert.deepEqual(visit.broken, [])
      const assets = visit.responses.filter(({ url }) => /\/static\/(?!__fingerpost\/)/.test(url))
      for (const asset of assets) assert.match(asset.url, HASHED)
      for (const pattern of [...EVERYWHERE, ...needed]) {
        assert.ok(
          assets.some((asset) => pattern.test(asset.url)),
          `${pattern} was not loaded`,
        )
      }
    })
  }

  await context.test('a portrait is uploaded into a folder, seen, replaced and removed', async () => {
    await useProfile(browser, url)
  })

  await context.test('an unknown page is a 404 in the same dress', async () => {
    const page = await browser.newPage()
    const response = await page.goto(`${url}/nowhere`)
    assert.equal(response?.status(), 404)
    assert.equal(await page.locator('h1').textContent(), 'No land here')
    await page.close()
  })
}

/** What only hashed names for good can do. */
async function testSecondVisits(context: TestContext, browser: BrowserContext, url: string): Promise<void> {
  for (const path of Object.keys(PAGES)) {
    await context.test(`a second visit of ${path} takes every hashed asset from the cache`, async () => {
      const visit = await visitPage(browser, url + path)
      assert.deepEqual(visit.complaints, [])
      const assets = visit.responses.filter(({ url }) => HASHED.test(url))
      assert.ok(assets.length >= EVERYWHERE.length)
      assert.deepEqual(
        assets.filter(({ fromNetwork }) => fromNetwork).map((asset) => asset.url),
        [],
      )
    })
  }
}

/** What only a build over a build can do: the next visit downloads what has changed. */
async function testDeploy(context: TestContext, browser: BrowserContext, url: string): Promise<void> {
  await context.test('after "Deploy a change" a visitor downloads one file, or its difference', async () => {
    const page = await browser.newPage()
    await page.goto(url, { waitUntil: 'networkidle' })
    await page.getByText('What this page downloaded').click()
    await Promise.all([
      page.waitForEvent('load', { timeout: 60_000 }),
      page.getByRole('button', { name: 'Deploy a change' }).click(),
    ])
    await page.locator('[data-sum]').filter({ hasText: 'downloaded' }).waitFor()
    const [document = '', ...files] = await page.locator('[data-requests] tbody tr').allTextContents()
    assert.match(document, /^\/–[\d,]+network$/)
    const downloaded = files.filter((text) => !text.endsWith('cache'))
    assert.equal(downloaded.length, 1, String(downloaded))
    const encoding = canMakeDeltas('dcb') ? 'dcb' : 'br'
    assert.match(
      downloaded[0] ?? '',
      new RegExp(`^vendor/bootstrap/css/bootstrap\\.min\\.\\w+\\.css${encoding}[\\d,]+network$`),
    )
    await page.close()
  })
}

/** What only sources can do: be edited under the eyes of a visitor. */
async function testEdits(
  context: TestContext,
  browser: BrowserContext,
  { url, folder }: { readonly url: string; readonly folder: string },
): Promise<void> {
  const page = await browser.newPage()
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')))
  const isMarked = () => page.evaluate('window.mark === 1')
  // A mark that a reload wipes out.
  const mark = () => page.evaluate('window.mark = 1')

  await context.test(
    'a stylesheet imported by an import is edited, and swapped without a reload',
    async () => {
      await page.goto(url)
      await mark()
      edit('static/css/parts/hero.css', (text) => `${text}.hero { outline: 7px solid rgb(1, 2, 3) }\n`)
      await until(page, `getComputedStyle(document.querySelector('.hero')).outlineWidth === '7px'`)
      assert.equal(await isMarked(), true)
    },
  )

  await context.test('a module imported by a module is edited, and the page loads anew', async () => {
    await page.goto(`${url}/map`)
    await mark()
    edit('static/js/geo/great-circle.js', (text) => `${text}document.documentElement.dataset.edited = ''\n`)
    await until(page, `'edited' in document.documentElement.dataset`)
    assert.equal(await isMarked(), false)
  })

  await context.test('a template is edited, and the page loads anew', async () => {
    await page.goto(`${url}/formulas`)
    await mark()
    edit('views/formulas.njk', (text) => text.replace(/<h1[^>]*>[^<]*/, '<h1>Edited'))
    await until(page, `document.querySelector('h1').textContent === 'Edited'`)
    assert.equal(await isMarked(), false)
  })
  await page.close()
}

async function until(page: Page, expression: string): Promise<void> {
  for (let look = 0; look < 200; look++) {
    // While a page loads anew there is none to ask.
    if ((await page.evaluate(expression).catch(() => false)) === true) return
    await page.waitForTimeout(50)
  }
  throw new Error(`never became true: ${expression}`)
}

/** What a visitor does on the page of the profile. */
async function useProfile(browser: BrowserContext, url: string): Promise<void> {
  const page = await browser.newPage()
  await page.goto(`${url}/profile`)
  const upload = async (name: string, mimeType: string, buffer: Buffer) => {
    await page.setInputFiles('#avatar', { name, mimeType, buffer })
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Upload' }).click()])
  }
  const portrait = page.getByAltText('The captain')
  await upload('me.gif', 'image/gif', GIF)
  const first = await portrait.getAttribute('src')
  assert.match(first ?? '', /^\/media\/avatars\/\d{4}\/\d\d\/me\.gif$/)
  assert.equal(
    await portrait.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
    1,
    'the picture is really seen',
  )

  await upload('evil.png', 'image/png', Buffer.from('<script>alert(1)</script>'))
  assert.match((await page.getByRole('alert').textContent()) ?? '', /not the kind of image/)
  assert.equal(await portrait.getAttribute('src'), first, 'the old one stays')

  await upload('me.png', 'image/png', PNG)
  assert.match((await portrait.getAttribute('src')) ?? '', /me\.png$/)
  assert.equal((await fetch(url + first)).status, 404, 'the old one is gone')
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.locator('.portrait-none').waitFor()
  await page.close()
}
