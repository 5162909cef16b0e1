import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'
import { installImports } from './program.ts'

const PAGES = [
  'README.md',
  ...['docs', 'docs/templates'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]

/** Whole programs and config files; other pieces of code leave out where `app` comes from. */
function isProgram(code: string): boolean {
  return /^import /m.test(code) && (!/\bapp\./.test(code) || /\bconst app\b/.test(code))
}

/** What Fastify and nunjucks leave unknown, as a TypeScript user writes it. */
function annotate(code: string): string {
  return code
    .replace(/request\.(params|query)\b/g, '(request.$1 as any)')
    .replaceAll('onConfigure: (environment)', 'onConfigure: (environment: nunjucks.Environment)')
}

function programsOf(page: string): readonly (readonly [file: string, code: string])[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  return [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].flatMap(({ 1: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length
    return isProgram(code) ? [[`${page.replace(/[/.]/g, '-')}-${line}.ts`, annotate(code)] as const] : []
  })
}

const OPTIONS = {
  ...{ module: 'nodenext', target: 'es2023', strict: true, noEmit: true, skipLibCheck: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true },
  types: ['node'],
}

for (const [name, folder] of Object.entries({
  'TypeScript 5.9': 'typescript-5',
  'TypeScript 7': 'typescript',
})) {
  test(`every program of the docs compiles with ${name}`, (context) => {
    const programs = PAGES.flatMap(programsOf)
    assert.ok(programs.length > 20, `${programs.length} programs`)
    const project = makeTree(context, {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }),
      'node_modules/@types': {},
      ...Object.fromEntries(programs),
    })
    installImports(
      project,
      programs.map(([, code]) => code),
    )
    for (const types of readdirSync(join(REPOSITORY, 'node_modules/@types')))
      symlinkSync(join(REPOSITORY, 'node_modules/@types', types), join(project, 'node_modules/@types', types))
    const compiler = join(REPOSITORY, 'node_modules', folder, 'bin/tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
    assert.equal(stdout, '')
  })
}
