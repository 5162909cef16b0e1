import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { packInto } from '../support/package.ts'
import { makeTree } from '../support/tree.ts'

/** One thing a page tells the reader to do: run commands, or write a file. */
type Step =
  | { readonly kind: 'run'; readonly commands: readonly string[] }
  | { readonly kind: 'write'; readonly file: string; readonly text: string }

/** Code blocks of a page in order. A block is a file where the line above it is the file's name and a colon. */
function stepsOf(page: string): readonly Step[] {
  const blocks = page.matchAll(/(?:^`([\w./-]+)`:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)
  return [...blocks].flatMap(([, file, language, text = '']): Step[] => {
    if (file !== undefined) return [{ kind: 'write', file, text }]
    if (language === 'sh') return [{ kind: 'run', commands: text.trim().split('\n') }]
    return []
  })
}

function sectionOf(page: string, from: string, to: string): string {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  const [start, end] = [text.indexOf(from), text.indexOf(to)]
  assert.ok(start >= 0 && end > start, `${page} has no section from "${from}" to "${to}"`)
  return text.slice(start, end)
}

/** Does what a page says, in an empty folder. Returns the address of the server it starts. */
async function follow(context: TestContext, steps: readonly Step[], tarball: string): Promise<string> {
  let cwd = mkdtempSync(join(tmpdir(), 'first steps '))
  context.after(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 3 }))
  let address: string | undefined
  for (const step of steps) {
    if (step.kind === 'write') {
      write(join(cwd, step.file), step.text)
      continue
    }
    for (const command of step.commands) {
      const [, folder] = /^mkdir \w+ && cd (\w+)$/.exec(command) ?? []
      if (command === 'node server.js') address = await start(context, cwd)
      else execFileSync('sh', ['-c', withTarball(command, tarball)], { cwd, stdio: 'pipe' })
      if (folder !== undefined) cwd = join(cwd, folder)
    }
  }
  assert.ok(address !== undefined, 'the page starts no server')
  return address
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  // The only change to what the page says: a free port instead of the one it names.
  const isServer = /\bserver\.[jt]s$/.test(file)
  writeFileSync(file, isServer ? `${text.replace('3000', '0')}console.log(app.listeningOrigin)\n` : text)
}

/** The packed working tree stands in for the published package. */
function withTarball(command: string, tarball: string): string {
  return /^npm install /.test(command)
    ? `${command.replace(/ fingerpost\b/, ` "${tarball}"`)} --no-audit --no-fund --loglevel=error`
    : command
}

async function start(context: TestContext, cwd: string): Promise<string> {
  const child = spawn(process.execPath, ['server.js'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(() => child.kill())
  for await (const line of createInterface(child.stdout)) if (line.startsWith('http://')) return line
  throw new Error('the server ended before it listened')
}

const PAGES = [
  ['README.md', '## Two minutes', '## Figures', []],
  ['docs/getting-started.md', '## 1.', '## 5.', ['@types/nunjucks']],
] as const

/** The same in TypeScript, as docs/guides/typescript.md has it, with nothing left unchecked. */
function inTypeScript(steps: readonly Step[], types: readonly string[]): readonly Step[] {
  const options = '--strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess'
  const compile = `npx tsc --module nodenext --target es2023 --types node ${options} server.ts`
  return steps.flatMap((step): Step[] => {
    if (step.kind === 'write') return [step.file === 'server.js' ? { ...step, file: 'server.ts' } : step]
    if (step.commands[0]?.startsWith('mkdir') || step.commands.some((each) => /^npm install/.test(each)))
      return [
        { ...step, commands: [...step.commands, `npm install typescript @types/node ${types.join(' ')}`] },
      ]
    return [
      {
        ...step,
        commands: step.commands.flatMap((each) => (each === 'node server.js' ? [compile, each] : each)),
      },
    ]
  })
}

test('the first pages work to the letter, from an empty folder', { timeout: 600_000 }, async (context) => {
  const tarball = packInto(makeTree(context))
  for (const language of ['JavaScript', 'TypeScript']) {
    for (const [page, from, to, types] of PAGES) {
      await context.test(`${page}, in ${language}`, async (context) => {
        const steps = stepsOf(sectionOf(page, from, to))
        const followed = language === 'TypeScript' ? inTypeScript(steps, types) : steps
        const address = await follow(context, followed, tarball)
        const html = await (await fetch(address)).text()
        const links = [...html.matchAll(/href="([^"]+\.css)"/g)].map(([, url = '']) => url)
        assert.ok(links.length > 0, html)
        for (const link of links) {
          const answer = await fetch(new URL(link, address), { headers: { 'accept-encoding': 'br' } })
          assert.equal(answer.status, 200, link)
          assert.match(answer.headers.get('cache-control') ?? '', /immutable/)
        }
      })
    }
  }
})

test('two minutes are enough for the README: six commands and three short files lead to a served site', () => {
  const steps = stepsOf(sectionOf('README.md', '## Two minutes', '## Figures'))
  const commands = steps.flatMap((step) => (step.kind === 'run' ? step.commands : []))
  const files = steps.flatMap((step) => (step.kind === 'write' ? step.text.trim().split('\n') : []))
  assert.ok(commands.length <= 6, String(commands))
  assert.match(commands.at(-1) ?? '', /^node /)
  assert.ok(files.length <= 25, `${files.length} lines`)
})
