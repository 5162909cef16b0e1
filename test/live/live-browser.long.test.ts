import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import type { Page } from 'playwright-core'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { openBrowser } from '../support/browser.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { ENGINE_PAGES } from '../template/engines.ts'

const SITE = {
  'css/base.css': 'h1{color:rgb(1,1,1)}',
  'css/extra.css': 'h1{letter-spacing:1px}',
  'page/index.html': '<!doctype html><h1>first</h1>',
  'css/site.css': '@import "base.css";\nbody{background:url(../img/logo.svg)}',
  'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'js/app.js': "import { word } from './word.js'\ndocument.querySelector('h1').textContent = word",
  'js/word.js': "export const word = 'one'",
}

/** A live site behind a strict policy, with a page that says when it was loaded. */
async function setUp(context: TestContext) {
  const folder = makeTree(context, SITE)
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(fingerpost, { live: true, sources: [folder], index: 'index.html' })
  app.get('/later', (_request, reply) => {
    app.static('css/later.css')
    return reply.type('text/html').send('<body>fixed</body>')
  })
  app.get('/favicon.ico', (_request, reply) => reply.type('image/svg+xml').send(SITE['img/logo.svg']))
  app.get('/', (_request, reply) => {
    Object.assign(reply, { cspNonce: { script: 'once', style: 'once' } })
    const { stylesheetTag, moduleTag } = (reply as unknown as { locals: typeof app.staticHelpers }).locals
    const head = `<!doctype html><title>live</title>${stylesheetTag('css/site.css')}${moduleTag('js/app.js')}`
    const policy =
      "default-src 'none'; script-src 'nonce-once'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'"
    return reply
      .type('text/html')
      .header('content-security-policy', policy)
      .send(`${head}<body><h1>zero</h1></body>`)
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await openBrowser(context)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(origin)
  await until(page, `document.querySelector('h1').textContent === 'one'`)
  // A mark that a reload wipes out.
  await page.evaluate(`window.mark = 1`)
  return { folder, page, complaints, app, browser, origin }
}

const colorOf = (page: Page, color: string) =>
  until(page, `getComputedStyle(document.querySelector('h1')).color === '${color}'`)

/** What a browser says of a tab that another one covers; of a headless one's pages all are in view. */
const hide = (page: Page, isHidden: boolean) =>
  page.evaluate(`{
    Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} })
    document.dispatchEvent(new Event('visibilitychange'))
  }`)

/** Waits for an expression to be true in the page, through the debugger: the page's policy forbids `eval`. */
async function until(page: Page, expression: string): Promise<void> {
  for (let look = 0; look < 200; look++) {
    const isTrue = await page.evaluate(expression).catch(() => false)
    if (isTrue === true) return
    await page.waitForTimeout(50)
  }
  throw new Error(`never became true: ${expression}`)
}

test('live in a real browser', { timeout: 120_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const { folder, page, complaints, browser, origin, app } = await setUp(context)

  await context.test('an edited stylesheet, imported by another, is swapped without a reload', async () => {
    await colorOf(page, 'rgb(1, 1, 1)')
    writeFileSync(join(folder, 'css/base.css'), 'h1{color:rgb(2,2,2)}')
    await colorOf(page, 'rgb(2, 2, 2)')
    await until(page, `document.querySelectorAll('link[rel=stylesheet]').length === 1`)
    assert.equal(await page.evaluate('window.mark'), 1)
  })

  await context.test('saves that come faster than they load leave one link, of the last', async () => {
    await page.route('**/css/site.*', async (route) => {
      await delay(200)
      await route.continue()
    })
    // A link may have loaded, and its event be on the way, when it is removed.
    await page.evaluate(`window.late = new MutationObserver((records) => {
      for (const { removedNodes } of records) for (const link of removedNodes) link.dispatchEvent(new Event('load'))
    })
    late.observe(document.head, { childList: true })`)
    for (const shade of [21, 22, 23, 24, 25]) {
      writeFileSync(join(folder, 'css/base.css'), `h1{color:rgb(${shade},2,2)}`)
      await page.waitForTimeout(60)
    }
    await colorOf(page, 'rgb(25, 2, 2)')
    await until(page, `document.querySelectorAll('link[rel=stylesheet]').length === 1`)
    // Where a save overtakes the load of the one before, the browser refuses bytes that aren't those it was told of.
    for (const complaint of complaints.splice(0)) assert.match(complaint, /'integrity'.*\/css\/site\./)
    assert.equal(await page.evaluate('window.mark'), 1)
    await page.evaluate('late.disconnect()')
    await page.unroute('**/css/site.*')
  })

  await context.test(
    'a hidden page lets go of its connection, and is told later what it missed',
    async () => {
      await hide(page, true)
      await until(page, `document.hidden`)
      writeFileSync(join(folder, 'css/base.css'), 'h1{color:rgb(31,2,2)}')
      await page.waitForTimeout(300)
      await colorOf(page, 'rgb(25, 2, 2)')
      await hide(page, false)
      await colorOf(page, 'rgb(31, 2, 2)')
      assert.equal(await page.evaluate('window.mark'), 1)
    },
  )

  await context.test('a stylesheet that only a style element imports makes the page load anew', async () => {
    await page.evaluate(`new Promise((done) => {
      const style = document.createElement('style')
      style.textContent = '@import "/static/css/extra.css"'
      style.onload = done
      document.head.append(style)
    })`)
    writeFileSync(join(folder, 'css/extra.css'), 'h1{letter-spacing:3px}')
    await until(page, `window.mark === undefined`)
    await until(page, `document.querySelector('h1')?.textContent === 'one'`)
  })

  await context.test(
    'an HTML file of the sources is served with the script, and loads anew when saved',
    async () => {
      const visit = await browser.newPage()
      await visit.goto(`${origin}/static/page/`)
      assert.equal(await visit.textContent('h1'), 'first')
      // Until it listens it is told nothing.
      const save = () => writeFileSync(join(folder, 'page/index.html'), `<h1>second</h1><!--${Date.now()}-->`)
      const saving = setInterval(save, 200)
      await until(visit, `document.querySelector('h1')?.textContent === 'second'`).finally(() =>
        clearInterval(saving),
      )
    },
  )

  await context.test('an edited script makes the page load anew', async () => {
    writeFileSync(join(folder, 'js/word.js'), "export const word = 'two'")
    await until(page, `document.querySelector('h1').textContent === 'two'`)
    assert.equal(await page.evaluate('window.mark'), undefined)
    assert.deepEqual(complaints, [])
  })

  await context.test(
    'a broken reference is shown over the page, with its place, until it is mended',
    async () => {
      await page.evaluate(`window.mark = 2`)
      writeFileSync(join(folder, 'css/base.css'), 'h1{color:rgb(3,3,3);background:url(../img/lgoo.svg)}')
      const overlay = page.locator('fingerpost-problems section')
      await overlay.waitFor({ timeout: 10_000 })
      const text = await overlay.textContent()
      assert.match(text ?? '', /css\/base\.css:1:36 .*img\/lgoo\.svg/)
      assert.match(text ?? '', /nearest {3}img\/logo\.svg/)
      await colorOf(page, 'rgb(3, 3, 3)')
      writeFileSync(join(folder, 'css/base.css'), 'h1{color:rgb(4,4,4)}')
      await overlay.waitFor({ state: 'detached', timeout: 10_000 })
      await colorOf(page, 'rgb(4, 4, 4)')
      assert.equal(await page.evaluate('window.mark'), 2)
    },
  )

  await context.test('a script with a broken import throws in the console', async () => {
    complaints.length = 0
    writeFileSync(join(folder, 'js/app.js'), "import './wrod.js'")
    const isTold = () =>
      complaints.some((text) => /js\/app\.js:1:9 .*\n {2}nearest {3}js\/word\.js/.test(text))
    for (let look = 0; look < 100 && !isTold(); look++) await page.waitForTimeout(50)
    assert.ok(isTold(), complaints.join('\n'))
    writeFileSync(join(folder, 'js/app.js'), SITE['js/app.js'])
  })

  await context.test('an error page is replaced when its error is fixed', async () => {
    const visit = await browser.newPage()
    await visit.goto(`${origin}/later`)
    await until(visit, `document.body.textContent.includes('No source has "css/later.css"')`)
    writeFileSync(join(folder, 'css/later.css'), 'h1{color:red}')
    await until(visit, `document.body.textContent === 'fixed'`)
    await visit.close()
  })

  for (const { engine, source, render } of ENGINE_PAGES) {
    await context.test(`the page of ${engine} loads completely`, async () => {
      const html = await render(source, app.staticHelpers)
      const visit = await browser.newPage()
      const failures: string[] = []
      visit.on('response', (response) => response.status() >= 400 && failures.push(response.url()))
      visit.on('requestfailed', (request) => failures.push(request.url()))
      visit.on('console', (message) => message.type() === 'error' && failures.push(message.text()))
      await visit.route(`${origin}/page`, (route) => route.fulfill({ contentType: 'text/html', body: html }))
      await visit.goto(`${origin}/page`)
      const loaded = await visit.evaluate(
        `[document.querySelector('img').complete, [...document.styleSheets].every((sheet) => sheet.cssRules.length > 0)]`,
      )
      assert.deepEqual(loaded, [true, true])
      // The script looks for a heading that this page hasn't got: it ran.
      assert.deepEqual(failures, [])
      await visit.close()
    })
  }
})
