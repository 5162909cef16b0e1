import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { cleanEnvironment } from '../support/environment.mjs'
import { makeTree, writeTree } from '../support/tree.ts'
import { startServer } from './guide.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/starting-points.md'), 'utf8')

interface Project {
  readonly install: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** What runs while one develops, and what makes and serves a build, as printed. */
  readonly run: readonly string[]
}

/** One section of the page. */
function readProject(title: string): Project {
  const [, section = ''] = PAGE.split(`\n## ${title}\n`)
  const [text = ''] = section.split('\n## ')
  const blocks = [...text.matchAll(/(?:^In `(\S+)`.*:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)]
  const files = blocks.flatMap(([, file, , code = '']) => (file === undefined ? [] : [[file, code] as const]))
  const shells = blocks.flatMap(([, , language, code = '']) => (language === 'sh' ? [code] : []))
  const [install = [], run = []] = shells.map((code) =>
    code.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/ +# .*/, '')])),
  )
  return { install, files: Object.fromEntries(files), run }
}

/** A project of the page, installed and written to a folder, with what develops and deploys it. */
export async function setUpStartingPoint(context: TestContext, title: string) {
  const project = readProject(title)
  const cwd = makeTree(context, { 'package.json': '{"type":"module"}', assets: {} })
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', cwd]
  const packed = JSON.parse(execFileSync('npm', pack, { cwd: REPOSITORY, encoding: 'utf8' }))
  const shell = (command: string) => execFileSync('sh', ['-c', command], { cwd, stdio: 'pipe' })
  for (const command of project.install)
    shell(`${command.replace(' fingerpost', ` ./${packed[0].filename}`)} --no-audit --no-fund`)
  writeTree(cwd, project.files)
  const [develop = '', deploy = ''] = project.run.slice(-2)
  const start = (command: string) => startServer(context, { cwd, env: cleanEnvironment() }, command)
  const page = await (await openBrowser(context)).newPage()
  const failures: string[] = []
  page.on('pageerror', ({ message }) => failures.push(message))
  page.on('response', (response) => {
    if (response.url().includes('/static/') && response.status() >= 400) failures.push(response.url())
  })
  return {
    cwd,
    page,
    failures,
    run: project.run,
    develop: async () => page.goto(await start(develop)),
    /** Makes a build and serves it. */
    async deploy() {
      await page.goto(await start(deploy))
      assert.notEqual(await page.locator('[integrity]').count(), 0)
    },
    edit(file: string, from: string, to: string) {
      const path = join(cwd, file)
      const text = readFileSync(path, 'utf8')
      assert.ok(text.includes(from))
      writeFileSync(path, text.replace(from, to))
    },
  }
}
