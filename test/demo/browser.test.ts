import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runCli } from '../support/cli.ts'
import { GIF, PNG } from '../support/image.ts'
import { hasTool } from '../support/require.ts'
import { BUCKET, createS3Lab } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'

const lab = createS3Lab()

const HASHED = /\/static\/.*\.[0-9a-f]{16}(\.\w+){0,2}$/

/** Looks for what didn't load, from inside the page. */
const FIND_BROKEN = readFileSync(join(import.meta.dirname, 'find-broken.js'), 'utf8')

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

test('the demo in a real browser', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const root = join(makeTree(context), 'staticfiles')
  const built = await runCli(REPOSITORY, [
    'build',
    '--config',
    'docs/demo/fingerpost.config.js',
    '--out',
    root,
  ])
  assert.equal(built.code, 0, built.stderr)
  const checked = await runCli(REPOSITORY, ['check', '--out', root, '--templates', 'docs/demo/views/**'])
  assert.equal(checked.code, 0, checked.stderr)
  const url = await startDemo(context, root, { MEDIA: makeTree(context) })
  const browser = await openBrowser(context)

  for (const [path, needed] of Object.entries(PAGES)) {
    await context.test(`${path} loads completely, under hashed names only`, async () => {
      const visit = await visitPage(browser, url + path)
      assert.deepEqual(visit.complaints, [])
      assert.deepEqual(visit.broken, [])
      const assets = visit.responses.filter(({ url }) => url.includes('/static/'))
      for (const asset of assets) assert.match(asset.url, HASHED)
      for (const pattern of [...EVERYWHERE, ...needed]) {
        assert.ok(
          assets.some((asset) => pattern.test(asset.url)),
          `${pattern} was not loaded`,
        )
      }
    })
  }

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

  await context.test('a portrait is uploaded into a folder, seen, replaced and removed', async () => {
    await useProfile(browser, url)
  })

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
    await useProfile(browser, await startDemo(context, root, settings))
  })

  await context.test('an unknown page is a 404 in the same dress', async () => {
    const page = await browser.newPage()
    const response = await page.goto(`${url}/nowhere`)
    assert.equal(response?.status(), 404)
    assert.equal(await page.locator('h1').textContent(), 'No land here')
    await page.close()
  })
})

/** What a visitor does on the page of the profile. */
async function useProfile(browser: BrowserContext, url: string): Promise<void> {
  const page = await browser.newPage()
  await page.goto(`${url}/profile`)
  const upload = async (name: string, mimeType: string, buffer: Buffer) => {
    await page.setInputFiles('#avatar', { name, mimeType, buffer })
    await Promise.all([page.waitForLoadState('networkidle'), page.getByText('Upload').click()])
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
  await page.getByText('Remove').click()
  await page.locator('.portrait-none').waitFor()
  await page.close()
}

test('the demo live, without a build, in a real browser', { timeout: 240_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const url = await startDemo(context, '--live', { MEDIA: makeTree(context) })
  const browser = await openBrowser(context)
  for (const [path, needed] of Object.entries(PAGES)) {
    const visit = await visitPage(browser, url + path)
    assert.deepEqual(visit.complaints, [])
    assert.deepEqual(visit.broken, [])
    for (const pattern of [...EVERYWHERE, ...needed]) {
      assert.ok(
        visit.responses.some((asset) => pattern.test(asset.url)),
        `${path}: ${pattern} was not loaded`,
      )
    }
  }
})

/** Serves a build's folder, or with `--live` the sources. */
async function startDemo(
  context: TestContext,
  what: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const server = spawn(process.execPath, [join(REPOSITORY, 'docs/demo/server.js'), what], {
    env: { ...process.env, ...settings, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => stop(server))
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\/\/[\w.:]+/.exec(line)
    if (address !== null) return address[0]
  }
  throw new Error('the demo ended before it had an address')
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  server.kill()
  await once(server, 'exit')
}

interface Visit {
  /** Console errors, exceptions, failed requests and answers from 400 on. */
  readonly complaints: readonly string[]
  /** Stylesheets, fonts and images of the page that aren't there. */
  readonly broken: readonly string[]
  readonly responses: readonly { readonly url: string; readonly fromNetwork: boolean }[]
}

async function visitPage(browser: BrowserContext, url: string): Promise<Visit> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  const responses = await recordResponses(page)
  await page.goto(url, { waitUntil: 'networkidle' })
  const broken = (await page.evaluate(FIND_BROKEN)) as string[]
  await page.close()
  return { complaints, broken, responses }
}

/** What the network layer itself says of each answer (Chrome DevTools Protocol, Network). */
async function recordResponses(page: Page) {
  const responses: { url: string; fromNetwork: boolean }[] = []
  const session = await page.context().newCDPSession(page)
  const cached = new Set<string>()
  session.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId))
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const fromNetwork = !cached.has(requestId) && response.fromDiskCache !== true
    responses.push({ url: response.url, fromNetwork })
  })
  await session.send('Network.enable')
  return responses
}
