import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { pagesOfSite, takePictures } from '../../docs/pictures.ts'
import { drawTerminal, runExample } from '../../docs/terminal.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runCli } from '../support/cli.ts'
import { LOOKS } from '../support/look.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { startSite } from './site.ts'

const IMAGES = join(REPOSITORY, 'docs/images')

test('report and site are whole in every picture', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, { 'a/site.css': 'a { background: url(x.svg) }', 'a/x.svg': '<svg/>' })
  const built = await runCli(cwd, ['build', 'a', '--report', 'report.html'])
  assert.equal(built.code, 0, built.stderr)
  const pages = pagesOfSite(pathToFileURL(join(cwd, 'report.html')).href, await startSite(context))
  const pictures = join(cwd, 'pictures')
  assert.deepEqual(await takePictures(await openBrowser(context), pages, pictures), [])
  assert.equal(readdirSync(pictures).length, Object.keys(pages).length * LOOKS.length)
})

test('the picture of a terminal shows what a build says', () => {
  const picture = readFileSync(join(IMAGES, 'build.svg'), 'utf8')
  assert.deepEqual(wordsOf(drawTerminal(runExample())), wordsOf(picture), 'npm run pictures')
})

test('pictures in the documentation are small', () => {
  for (const name of readdirSync(IMAGES)) assert.ok(statSync(join(IMAGES, name)).size < 150_000, name)
})

/** The text of a drawing by line, without the figures, which differ from machine to machine. */
function wordsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, line = '']) =>
    line.replace(/<[^>]*>/g, '').replace(/[\d.]+ ?(ms|s|files?|[kM]?B|%)?/g, '#'),
  )
}
