import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runCli, runNode } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { installImports, startProgram } from './program.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/vite.md'), 'utf8')
const FILES = Object.fromEntries(
  [...PAGE.matchAll(/^In `(\S+)`:\n\n```js\n([\s\S]*?)^```$/gm)].map(([, file = '', code = '']) => [
    file,
    code,
  ]),
)

/** What the recipe is for: an entry with a stylesheet, a picture, and something to share. */
const SOURCE = {
  'src/main.js':
    "import './main.css'\nimport { title } from './title.js'\ndocument.querySelector('h1').textContent = title",
  'src/title.js': `import './title.css'\nexport const title = 'Built by Vite'`,
  'src/main.css': "h1{color:rgb(1,2,3);background:url('./dot.svg')}",
  'src/title.css': 'h1{border-left:3px solid}',
  'src/dot.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<g/>'.repeat(2000)}</svg>`,
  'assets/css/own.css': '',
}

test('the recipe for Vite works as it stands', { timeout: 120_000 }, async (context) => {
  if (!hasTool(context, 'chromium')) return
  assert.deepEqual(Object.keys(FILES), ['vite.config.js', 'fingerpost.config.js', 'app.js'])
  const cwd = makeTree(context, { ...SOURCE, ...FILES, 'package.json': '{"type":"module"}' })
  const program = FILES['app.js'] ?? ''
  installImports(cwd, [program])
  const vite = await runNode([join(REPOSITORY, 'node_modules/vite/bin/vite.js'), 'build'], { cwd })
  assert.equal(vite.code, 0, vite.stderr)
  const built = await runCli(cwd, ['build'])
  assert.equal(built.code, 0, built.stderr)
  const origin = await startProgram(context, cwd, program, { NODE_ENV: 'production' })
  const page = await (await openBrowser(context)).newPage()
  const failures: string[] = []
  page.on('requestfailed', (request) => failures.push(request.url()))
  page.on(
    'response',
    (response) =>
      response.url().includes('/static/') && response.status() !== 200 && failures.push(response.url()),
  )
  await page.goto(origin)
  const seen = await page.evaluate(
    `[document.querySelector('h1').textContent, getComputedStyle(document.querySelector('h1')).color]`,
  )
  assert.deepEqual(seen, ['Built by Vite', 'rgb(1, 2, 3)'])
  assert.deepEqual(failures, [])
})
