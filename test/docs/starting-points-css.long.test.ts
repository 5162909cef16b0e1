import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { hasTool } from '../support/require.ts'
import { setUpStartingPoint } from './starting-point.ts'

for (const [title, source, from] of [
  ['Tailwind CSS', 'app.js', 'pl-[7px]'],
  ['Sass', 'scss/site.scss', '7px'],
] as const) {
  test(`the starting point for ${title} swaps saved styles and serves a build`, {
    timeout: 300_000,
  }, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const { cwd, page, failures, run, develop, deploy, edit } = await setUpStartingPoint(context, title)
    const [watch = ''] = run
    // It ends when its input does.
    const child = spawn('sh', ['-c', `exec ${watch}`], {
      cwd,
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    })
    context.after(() => process.kill(-(child.pid ?? 0), 'SIGKILL'))
    while (!existsSync(join(cwd, 'assets/css/site.css'))) await setTimeout(50)
    await develop()
    const hasPadding = (px: number) =>
      page.waitForFunction(`getComputedStyle(document.querySelector('h1')).paddingLeft === '${px}px'`)
    await hasPadding(7)
    await page.evaluate('window.isOld = true')
    if (source === 'app.js')
      edit('src/site.css', '"tailwindcss";', '"tailwindcss";\nh1 { padding-left: 9px !important; }')
    else edit(source, from, '9px')
    await hasPadding(9)
    assert.equal(await page.evaluate('window.isOld'), true, 'the page was not loaded again')
    await deploy()
    await hasPadding(9)
    assert.deepEqual(failures, [])
  })
}
