import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { pagesOfDemo, takePictures } from '../../docs/pictures.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runCli } from '../support/cli.ts'
import { LOOKS } from '../support/look.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { buildDemo, startDemo } from './demo.ts'

test('the demo and its report are whole in every picture', { timeout: 290_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const folder = makeTree(context)
  const root = await buildDemo(context)
  const report = join(folder, 'report.html')
  const reported = await runCli(REPOSITORY, ['report', '-o', report, '--root', root])
  assert.equal(reported.code, 0, reported.stderr)
  const demo = await startDemo(context, REPOSITORY, root, { MEDIA: makeTree(context) })
  const pages = { ...pagesOfDemo(demo), report: pathToFileURL(report).href }
  const pictures = join(folder, 'pictures')
  assert.deepEqual(await takePictures(await openBrowser(context), pages, pictures), [])
  assert.equal(readdirSync(pictures).length, Object.keys(pages).length * LOOKS.length)
})
