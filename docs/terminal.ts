import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const ROOT = join(import.meta.dirname, '..')

/** One command of a terminal picture: what was typed, and what came, with its colours. */
export interface Command {
  readonly typed: string
  readonly output: string
}

/** Builds a small project with one wrong reference, mends it, and builds again. Nothing of it is made up. */
export function runExample(): readonly Command[] {
  const cwd = mkdtempSync(join(tmpdir(), 'fingerpost-picture-'))
  try {
    const css = (name: string) => `body {\n  background: url("../img/${name}.svg");\n}\n`
    for (const folder of ['assets/css', 'assets/img', 'node_modules'])
      mkdirSync(join(cwd, folder), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules/leaflet'), join(cwd, 'node_modules/leaflet'))
    writeFileSync(join(cwd, 'assets/img/paper.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    writeFileSync(join(cwd, 'assets/css/site.css'), css('papr'))
    const build = ['build', 'assets', 'vendor=npm:leaflet/dist']
    const failed = run(cwd, build)
    writeFileSync(join(cwd, 'assets/css/site.css'), css('paper'))
    return [failed, run(cwd, build), run(cwd, build)]
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

function run(cwd: string, words: readonly string[]): Command {
  const env = { ...process.env, FORCE_COLOR: '1', TERM: 'xterm-256color' }
  const { stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/cli.cjs'), ...words], {
    cwd,
    env,
    encoding: 'utf8',
  })
  // A terminal shows progress in one line, which goes away.
  const lines = stderr.split('\n').filter((line) => !/^(collect|scan|encode|publish) |^$/.test(line))
  return { typed: `npx fingerpost ${words.join(' ')}`, output: lines.join('\n') }
}

const LINE = 20
const COLUMN = 8.43
const PADDING = 18
const HEAD = 34

/** Draws what a terminal shows, as SVG: text that can be read aloud and searched. */
export function drawTerminal(commands: readonly Command[]): string {
  const lines = commands.flatMap(({ typed, output }, index) => [
    ...(index === 0 ? [] : ['']),
    `\x1b[32m$\x1b[39m \x1b[1m${typed}\x1b[22m`,
    ...output.split('\n'),
  ])
  const columns = Math.max(...lines.map((line) => stripVTControlCharacters(line).length))
  const width = Math.ceil(columns * COLUMN + 2 * PADDING)
  const height = lines.length * LINE + HEAD + PADDING
  const rows = lines.map(
    (line, index) => `<text x="${PADDING}" y="${HEAD + (index + 0.75) * LINE}">${spans(line)}</text>`,
  )
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${PADDING + 6 + index * 20}" cy="17" r="6" fill="${fill}"/>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>A terminal: fingerpost reports a broken reference, then builds the site</title>
<style>text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dde3; white-space: pre }
.c31 { fill: #ff8f80 } .c32 { fill: #7ee08b } .c33 { fill: #f5cf6b } .c36 { fill: #7fd4f0 } .c1 { font-weight: 700 } .c2 { fill: #98a4ad }</style>
<rect width="${width}" height="${height}" rx="10" fill="#171c20"/>
${dots.join('')}
${rows.join('\n')}
</svg>
`
}

/** The parts of a line by their colours (ECMA-48, SGR). */
function spans(line: string): string {
  const classes = new Set<string>()
  const parts = line.split(/\x1b\[(\d+)m/)
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return tspan(part, classes)
      if (part === '22') for (const name of ['c1', 'c2']) classes.delete(name)
      else if (part === '39') for (const name of [...classes]) if (/^c3/.test(name)) classes.delete(name)
      if (/^(1|2|3[0-7])$/.test(part)) classes.add(`c${part}`)
      return ''
    })
    .join('')
}

function tspan(text: string, classes: ReadonlySet<string>): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  if (escaped === '' || classes.size === 0) return escaped
  return `<tspan class="${[...classes].join(' ')}">${escaped}</tspan>`
}
