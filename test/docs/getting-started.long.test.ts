import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { installImports, startProgram } from './program.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/getting-started.md'), 'utf8')
const FILES = Object.fromEntries(
  [...PAGE.matchAll(/^`(\S+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, file = '', text = '']) => [
    file,
    text,
  ]),
)

/** The program of step 4 with the lines of step 5. */
function developed(): string {
  const [, lines = ''] = /## 5\. Develop[\s\S]*?```js\n([\s\S]*?)```/.exec(PAGE) ?? []
  const registered = /(?:^await app\.register\(.*\)\n){2}/m
  const program = FILES['server.js'] ?? ''
  assert.match(program, registered)
  return program.replace(registered, () => lines).replace('{ logger: true }', '')
}

test('step 5 reloads the page when a template is saved, and shows a stylesheet that is saved', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, { ...FILES, 'package.json': '{"type":"module"}' })
  const program = developed()
  installImports(cwd, [program, "import 'x' from 'bootstrap'"])
  const origin = await startProgram(context, cwd, program)
  const page = await (await openBrowser(context)).newPage()
  await page.goto(origin)
  assert.equal(await page.textContent('h1'), 'Atlas')
  const template = join(cwd, 'views/index.njk')
  writeFileSync(template, readFileSync(template, 'utf8').replace('<h1>Atlas', '<h1>Globe'))
  await page.waitForFunction("document.querySelector('h1')?.textContent === 'Globe'")
  writeFileSync(join(cwd, 'assets/css/colours.css'), ':root { --paper: rgb(1, 2, 3); }')
  await page.waitForFunction("getComputedStyle(document.body).backgroundColor === 'rgb(1, 2, 3)'")
})
