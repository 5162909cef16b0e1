import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { REPOSITORY } from '../support/cli.ts'

const PAGES = [
  'README.md',
  ...readdirSync(join(REPOSITORY, 'docs'), { recursive: true }).map((name) => `docs/${name}`),
]
  .filter((page) => page.endsWith('.md') && !page.includes('node_modules'))
  .sort()

const LANGUAGES = new Set(['', 'sh', 'yaml', 'json', 'dockerfile', 'text'])

/** Everything in code, in blocks and in lines of text, that begins with a program's name. */
function linesOf(program: string): { readonly page: string; readonly line: string }[] {
  return PAGES.flatMap((page) => {
    const text = readFileSync(join(REPOSITORY, page), 'utf8')
    const blocks = [...text.matchAll(/^ *```(\w*).*\n([\s\S]*?)^ *```/gm)].flatMap(
      ([, language = '', code = '']) => (LANGUAGES.has(language) ? code : []),
    )
    const inline = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
      ([, code = '']) => code,
    )
    const pattern = new RegExp(`(?:^|[\\s"&:$])${program} (.*)`)
    return [...blocks.flatMap((block) => block.split('\n')), ...inline].flatMap((code) => {
      const found = pattern.exec(code)?.[1]
      return found === undefined ? [] : [{ page, line: found }]
    })
  })
}

/** The words of a command line up to what a shell or a comment makes of the rest. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ #| > | >> | && | \| |"[,}\]]|"$|…|\.\.\./)
  return [...command.trim().matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

test('every command line of the docs is understood', async () => {
  const lines = linesOf('fingerpost').filter(({ line }) => Object.hasOwn(COMMANDS, wordsOf(line)[0] ?? ''))
  assert.ok(lines.length > 100, `${lines.length} lines`)
  for (const { page, line } of lines) {
    const [name = '', ...words] = wordsOf(line)
    const { command } = (await COMMANDS[name]?.load()) ?? {}
    assert.ok(command !== undefined)
    // In a sentence an option may be named without its value.
    assert.doesNotThrow(() => parseArguments([...words, 'x'], command.options), `${page}: fingerpost ${line}`)
  }
})

test('every script that the docs name is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  const lines = linesOf('npm run').filter(
    ({ page }) => !/docs\/(guides|getting-started|starting-points|vite)/.test(page),
  )
  assert.ok(lines.length > 20)
  for (const { page, line } of lines)
    assert.ok(Object.hasOwn(scripts, wordsOf(line)[0] ?? ''), `${page}: npm run ${line}`)
})
