import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { findNameLiterals } from '../../src/template/check-templates.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'
import { installImports, startProgram } from './program.ts'

const FOLDER = join(REPOSITORY, 'docs/templates')
const PAGES = readdirSync(FOLDER).filter((name) => name !== 'README.md')

/** Every file that the pages' templates name. */
const ASSETS = {
  'css/site.css': '@import "base.css";\nh1{color:teal}',
  'css/base.css': 'img{width:9px;height:9px}',
  'js/app.js': "import { done } from './dep.js'\ndone()",
  'js/dep.js': "export const done = () => document.documentElement.setAttribute('data-ran', '')",
  'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'img/card.png': '',
  'docs/terms.pdf': '',
}

interface DocumentedEngine {
  readonly page: string
  /** Whole programs, as they stand. */
  readonly programs: readonly string[]
  /** Its name relative to the project, and its text. */
  readonly template: readonly [file: string, text: string]
}

function readPage(page: string): DocumentedEngine {
  const text = readFileSync(join(FOLDER, page), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
  const programs = blocks.flatMap(([, language, code = '']) => (language === 'js' ? [code] : []))
  const [template, ...others] = blocks.filter(([, language]) => language !== 'js')
  const file = /^In `(views\/\S+)`:$/m.exec(text)?.[1]
  assert.ok(file !== undefined && template?.[2] !== undefined && others.length === 0, page)
  return { page, programs, template: [file, template[2]] }
}

const ENGINES = PAGES.map(readPage)

/** A project with what its programs import, a build of its assets, and the templates of all pages. */
async function makeProject(context: TestContext): Promise<string> {
  const templates = Object.fromEntries(ENGINES.map(({ template }) => template))
  const cwd = makeTree(context, { assets: ASSETS, ...templates, 'package.json': '{"type":"module"}' })
  installImports(
    cwd,
    ENGINES.flatMap(({ programs }) => programs),
  )
  const words = ['build', 'assets', '--no-cache', '--encodings', 'br']
  const built = await runNode(['node_modules/.bin/fingerpost', ...words], { cwd })
  assert.equal(built.code, 0, built.stderr)
  return cwd
}

/** What a browser has to complain of, and what it made of the page. */
async function visit(browser: BrowserContext, url: string) {
  const page = await browser.newPage()
  const complaints: string[] = []
  const isOurs = (url: string) => !url.endsWith('/favicon.ico')
  page.on('console', (message) => isOurs(message.location().url) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('response', (response) => {
    if (response.status() >= 400 && isOurs(response.url())) complaints.push(response.url())
  })
  const response = await page.goto(url)
  assert.equal(response?.status(), 200, await response?.text())
  const seen = await page.evaluate(`({
    ran: document.documentElement.hasAttribute('data-ran'),
    width: document.querySelector('img').getBoundingClientRect().width,
    loaded: document.querySelector('img').naturalWidth,
    card: document.querySelector('meta[property="og:image"]').content.replace(/[0-9a-f]{16}/, '…'),
  })`)
  await page.close()
  return { complaints, seen }
}

test('the pages on engines are seven, each with a program for @fastify/view and one without', () => {
  assert.equal(ENGINES.length, 7)
  for (const { page, programs, template } of ENGINES) {
    const withView = programs.map((program) => program.includes("from '@fastify/view'"))
    assert.deepEqual(withView, [true, false], page)
    for (const { name } of findNameLiterals(template[1])) assert.ok(Object.hasOwn(ASSETS, name), name)
  }
})

test('what the pages on engines say, runs as it stands and loads completely', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = await makeProject(context)
  const browser = await openBrowser(context)
  for (const { page, programs } of ENGINES) {
    for (const program of programs) {
      const kind = program.includes("from '@fastify/view'") ? 'with' : 'without'
      await context.test(`${page}, ${kind} @fastify/view`, async (inner) => {
        const origin = await startProgram(inner, cwd, program)
        const { complaints, seen } = await visit(browser, origin)
        assert.deepEqual(complaints, [])
        const card = `${origin}/static/img/card.….png`
        assert.deepEqual(seen, { ran: true, width: 9, loaded: 9, card })
      })
    }
  }
})
