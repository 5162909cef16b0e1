// Writes the generated tables of the docs again: npm run docs:tables. A test fails where they differ from the code.
// A part stands between `<!-- options NAME FILE -->`, `<!-- limits NAME… -->` (default: all) or `<!-- commands -->` and `<!-- end -->`.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ROOT = join(import.meta.dirname, '..')
const PART = /^<!-- (options|limits|commands)(.*?) -->\n[\s\S]*?^<!-- end -->$/gm

/** The pages that have generated parts. */
export const PAGES: readonly string[] = [
  'docs/configuration.md',
  'docs/commands.md',
  'docs/limits.md',
  'docs/security.md',
]

/** A page with its parts as the code has them now. */
export function generate(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return text.replace(PART, (_part, kind: keyof typeof MAKERS, words: string) => {
    const content = MAKERS[kind](words.split(' ').filter((word) => word !== ''))
    return `<!-- ${kind}${words} -->\n\n${content}\n\n<!-- end -->`
  })
}

const MAKERS = { options: optionTable, limits: limitTable, commands: commandPages }

function optionTable([name = '', file = '']: readonly string[]): string {
  return table(
    ['option', 'type', 'meaning'],
    readOptions(name, file).map(({ name, type, doc }) => [`\`${name}\``, `\`${type}\``, doc]),
  )
}

/** The members of an interface, and of those it extends. */
function readOptions(name: string, file: string): readonly Member[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const [, parents = ''] =
    new RegExp(`^export interface ${name}(?: extends ([\\w, ]+))? \\{$`, 'm').exec(source) ?? []
  const inherited = parents.split(/, ?/).filter((parent) => parent !== '')
  const own = readMembers(file, new RegExp(`^export interface ${name}\\b.*?\\{$`, 'm'))
  return [...own, ...inherited.flatMap((parent) => readOptions(parent, importedFrom(source, file, parent)))]
}

function importedFrom(source: string, file: string, name: string): string {
  const [, path] = new RegExp(`\\b${name}\\b[^}]*\\} from '(\\./.+?)'`).exec(source) ?? []
  return path === undefined ? file : join(dirname(file), path)
}

function limitTable(names: readonly string[]): string {
  const all = readMembers('src/core/limit.ts', /^export const LIMITS = \{$/m)
  const rows =
    names.length === 0 ? all : names.map((name) => all.find((row) => row.name === name) ?? missing(name))
  return table(
    ['limit', 'default', 'meaning'],
    rows.map(({ name, type, doc }) => [`\`${name}\``, number(type), doc]),
  )
}

function missing(name: string): never {
  throw new Error(`src/core/limit.ts has no limit ${name}.`)
}

/** What `--help` says: of the program, then of every command it lists. */
function commandPages(): string {
  const overview = help()
  const names = [...(/^Commands:\n((?: {2}.*\n)+)/m.exec(overview)?.[1] ?? '').matchAll(/^ {2}(\w+)/gm)]
  const pages = names.map(([, name = '']) => `## ${name}\n\n${block(help(name))}`)
  return [block(overview), ...pages].join('\n\n')
}

function help(...command: readonly string[]): string {
  const options = { encoding: 'utf8', env: { NO_COLOR: '1' } } as const
  return execFileSync(process.execPath, [join(ROOT, 'dist/cli.js'), ...command, '--help'], options)
}

function block(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``
}

interface Member {
  readonly name: string
  /** Its type, or its value. */
  readonly type: string
  readonly doc: string
}

/** The members of the first block that begins with `start`. */
function readMembers(file: string, start: RegExp): readonly Member[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const begin = start.exec(source)
  if (begin === null) throw new Error(`${file} has no ${start}`)
  const block = source.slice(begin.index + begin[0].length, source.indexOf('\n}', begin.index))
  const member =
    /^(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}(?:readonly )?(\w+)\??: ([\s\S]*?),?(?=\n {2}\S|\n*$(?![\s\S]))/gm
  return [...block.matchAll(member)].map(([, doc, name = '', type = '']) => ({
    name,
    type: type.replace(/\breadonly /g, '').replace(/\s+/g, ' '),
    doc: required(doc, `${file}: ${name}`)
      .replace(/^\s*\* ?/gm, ' ')
      .replace(/\{@link (\S+?)\}/g, '`$1`')
      .replace(/\s+/g, ' ')
      .trim(),
  }))
}

function required(doc: string | undefined, where: string): string {
  if (doc === undefined) throw new Error(`${where} has no docstring`)
  return doc
}

/** `64 * MIB` → `64 MiB`, `31_536_000` → `31,536,000` */
function number(text: string): string {
  return text
    .replace(/ \* MIB$/, ' MiB')
    .replace(/ \* KIB$/, ' KiB')
    .replaceAll('_', ',')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const page of PAGES) writeFileSync(join(ROOT, page), generate(page))
}
