import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser } from '../../support/browser.ts'
import { hasTool } from '../../support/require.ts'

const PAGE = pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'docs', 'benchmarks.html')).href

test('the published web page shows in light and dark, on wide and narrow screens', async (t) => {
  if (!hasTool(t, 'chromium')) return
  const browser = await openBrowser(t)
  const page = await browser.newPage()
  const requests: string[] = []
  const problems: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.goto(PAGE)
    for (const selector of [
      'p',
      'td:not([class])',
      'td.met',
      'td.missed',
      '.soft',
      'svg text',
      'a',
      'summary',
    ]) {
      const contrast = await contrastOf(page, selector)
      assert.ok(contrast === undefined || contrast >= 4.5, `${selector}, ${colorScheme}: ${contrast}`)
    }
  }
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 })
    assert.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width, `${width}`)
    assert.deepEqual(await page.evaluate(UNSEEN_PLOTS), [], `${width}`)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
  assert.deepEqual(await page.evaluate(CUT_TABLES), [], 'no table is cut off')
  await page.reload()
  const bars = await page.locator('.bars dd').allTextContents()
  assert.equal(bars.length, 5)
  for (const bar of bars) assert.match(bar, /^[\d\s]+\/s$/)
  const last = await page.locator('.bars dd').last().boundingBox()
  assert.ok((last?.y ?? Infinity) < 800, 'the bars are on the first screen')
  assert.deepEqual([...new Set(requests)], [PAGE])
  assert.deepEqual(problems, [])
})

/** Names of the plots that take no room. */
const UNSEEN_PLOTS = `[...document.querySelectorAll('svg[role=img]')]
  .filter((svg) => svg.getBoundingClientRect().height < 40 || svg.querySelectorAll('path, rect').length < 3)
  .map((svg) => svg.getAttribute('aria-label'))`

/** Names of the tables that are wider than their place. */
const CUT_TABLES = `[...document.querySelectorAll('.wide')]
  .filter((place) => place.scrollWidth > place.clientWidth)
  .map((place) => place.getAttribute('aria-label'))`

/** The contrast of an element's text with what is behind it (WCAG 2.2, 1.4.3); undefined where there is none. */
async function contrastOf(page: Page, selector: string): Promise<number | undefined> {
  const colours = (await page.evaluate(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)})
    if (element === null) return undefined
    const style = getComputedStyle(element)
    let behind = element
    while (behind && /rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement
    return [element instanceof SVGElement ? style.fill : style.color, getComputedStyle(behind).backgroundColor]
  })()`)) as readonly [string, string] | undefined
  if (colours === undefined) return undefined
  const [light = 0, dark = 0] = colours.map(luminance).sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
