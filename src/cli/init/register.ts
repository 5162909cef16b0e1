import { accessSync, constants, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { insertInto, positionAt } from '../../core/reference/text.ts'
import { parseModule } from '../../scan/javascript/module.ts'
import { type AppFile, endOfStatement, type Instance, isTopLevel, registersFingerpost } from './app.ts'
import type { PlannedFile } from './files.ts'
import { readText } from './folder.ts'
import { registrationFor } from './lines.ts'
import type { Project } from './project.ts'

/** Plans how the app comes to register fingerpost; undefined if there is no app yet. */
export function planRegistration(folder: string, project: Project, out: string): PlannedFile | undefined {
  const { app, plugins } = project
  if (app.registered !== undefined)
    return { kind: 'keep', path: app.registered, reason: 'loads fingerpost already' }
  if (plugins !== undefined) {
    const path = `${plugins}/fingerpost.${project.isTypeScript ? 'ts' : 'js'}`
    if (readText(folder, path) !== undefined) return { kind: 'keep', path, reason: 'exists' }
    return { kind: 'create', path, text: pluginText(project, out) }
  }
  if (app.name === undefined) return undefined
  const planned = isWritable(join(folder, app.name))
    ? insertRegistration(app, project, out)
    : 'it is a link or may not be written'
  const path = app.name
  if (typeof planned === 'string') return { kind: 'keep', path, reason: `${planned}; the lines are below` }
  return { kind: 'change', path, ...planned }
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return lstatSync(file).isFile()
  } catch {
    return false
  }
}

/** A plugin that @fastify/autoload finds. */
function pluginText(project: Project, out: string): string {
  const { loads, body } = registrationFor(project, { out, name: 'fastify', isAwaited: true, into: undefined })
  const isImport = project.app.loads === 'import'
  const [load, end] = isImport
    ? [`import fp from 'fastify-plugin'`, 'export default']
    : [`const fp = require('fastify-plugin')`, 'module.exports =']
  const [flag, ...calls] = body
  const inner = calls.map((line) => `  ${line}\n`).join('')
  return `${[load, ...loads].join('\n')}\n\n${flag}\n\n${end} fp(async (fastify) => {\n${inner}})\n`
}

interface Change {
  readonly text: string
  readonly added: string
}

/** Inserts the lines as text, in the style of the file. @returns a reason if that is not safe */
function insertRegistration(app: AppFile, project: Project, out: string): Change | string {
  const { instance, text } = app
  if (typeof instance === 'string') return instance
  // Such bytes would not survive.
  if (text.includes('\uFFFD')) return 'it is not UTF-8'
  const { name, indent, start, end } = instance
  const install = project.engine?.install
  const into = install && (findLocal(text, project.engine?.packageName) ?? install.into)
  const at = into === undefined ? end : endWithEngine(text, into, instance)
  if (at === undefined) return `the lines need ${into}, which it does not declare`
  const isAwaited = app.hasTopLevelAwait && isTopLevel(text, start)
  const hasFlag = /\bisDevelopment\b/.test(text)
  const { loads, body } = registrationFor(project, { out, name, isAwaited, hasFlag, into })
  const isQuotedTwice = /"fastify"/.test(text)
  const hasSemicolons = /;\s*(?:\/\/.*)?$/.test(text.slice(start, end))
  const spell = (line: string) =>
    (isQuotedTwice ? line.replaceAll("'", '"') : line) + (hasSemicolons ? ';' : '')
  const inserted = insertLines(text, [
    { at: endOfLoads(app, start), lines: loads.map(spell) },
    { at, lines: body.map((line) => indent + spell(line)) },
  ])
  return registersFingerpost(inserted.text) ? inserted : 'its imports can not be told from the rest'
}

/** The name under which a file has the whole of a package. */
function findLocal(text: string, packageName = ''): string | undefined {
  const from = `['"]${packageName}['"]`
  const load = String.raw`([\w$]+)\s*(?:from\s*${from}|=\s*require\(\s*${from}\s*\))`
  return new RegExp(load).exec(text)?.[1]
}

/** Where both the app and the object of its template engine are there. */
function endWithEngine(text: string, into: string, { start, end, indent }: Instance): number | undefined {
  const word = into.replaceAll('$', '\\$')
  const mention = String.raw`(?<![\w$.'"/@-])${word}(?![\w$'"/-])`
  if (new RegExp(mention).test(text.slice(0, start))) return end
  const making = String.raw`(?<=\n)${indent}(?:const|let|var)\s+${word}\s*=\s*(?:await\s+)?(?:new\s+)?[\w$.]+\(`
  const made = new RegExp(making).exec(text.slice(end))
  return made === null ? undefined : endOfStatement(text, end + made.index + made[0].length - 1)
}

const SIMPLE_REQUIRE =
  /^(?:const|let|var)\s[^=\n]*=\s*require\(\s*(['"])[^'"\n]+\1\s*\)(?:\.[\w$]+)?[ \t]*;?[ \t]*(?:\/\/.*)?$/gm

/** The end of the line of the last import, or of the last call of `require` at top level before the app. */
function endOfLoads({ text, loads }: AppFile, start: number): number {
  if (loads === 'import') {
    const imports = parseModule(text) ?? []
    const last = imports.findLast(
      ({ type, importStart }) => type === 'static' && text.startsWith('import', importStart),
    )
    if (last !== undefined) return endOfLine(text, last.importEnd)
  }
  const last = [...text.slice(0, start).matchAll(SIMPLE_REQUIRE)].at(-1)
  return last === undefined ? text.slice(0, start).search(/(?:\r?\n)?$/) : last.index + last[0].length
}

function endOfLine(text: string, from: number): number {
  return from + text.slice(from).search(/\r?\n|$(?![\s\S])/)
}

interface LinesToInsert {
  /** The end of a line, or 0. */
  readonly at: number
  readonly lines: readonly string[]
}

/** Shows them with the line numbers they get. */
function insertLines(text: string, places: readonly LinesToInsert[]): Change {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const added: string[] = []
  const sorted = places.toSorted((a, b) => a.at - b.at)
  const insertions = sorted.map(({ at, lines }) => {
    const first = (at === 0 ? 1 : positionAt(text, at).line + 1) + added.length
    for (const [index, line] of lines.entries()) added.push(`${String(first + index).padStart(3)}  ${line}`)
    return { at, text: lines.map((line) => (at === 0 ? line + lineEnd : lineEnd + line)).join('') }
  })
  return { text: insertInto(text, insertions), added: added.join('\n') }
}
