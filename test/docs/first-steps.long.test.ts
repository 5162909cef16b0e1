import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'

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
  const isServer = file.endsWith('server.js')
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

function pack(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'first-steps-pack-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  return join(folder, execFileSync('npm', words, { cwd: REPOSITORY, encoding: 'utf8' }).trim())
}

test('the first pages work to the letter, from an empty folder', { timeout: 600_000 }, async (context) => {
  const tarball = pack(context)
  const pages = [
    ['README.md', '## Two minutes', '## Figures'],
    ['docs/getting-started.md', '## 1.', '## 5.'],
  ] as const
  for (const [page, from, to] of pages) {
    await context.test(page, async (context) => {
      const address = await follow(context, stepsOf(sectionOf(page, from, to)), tarball)
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
})
