import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'
import { installImports, preludeOf } from './program.ts'

const PAGES = [
  'README.md',
  ...['docs', 'docs/templates'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder))
      // Those programs import what only they install: `starting-points-*.long.test.ts` runs them.
      .filter((name) => name.endsWith('.md') && name !== 'starting-points.md')
      .map((name) => `${folder}/${name}`),
  ),
]

/** Whole programs and config files; other pieces of code leave out where `app` comes from. */
function isProgram(code: string): boolean {
  return /^import /m.test(code) && (!/\bapp\./.test(code) || /\bconst app\b/.test(code))
}

/** What Fastify, Node and nunjucks leave unknown, as a TypeScript user writes it. */
function annotate(code: string): string {
  return code
    .replace(/request\.(params|query|body|user)\b/g, '(request as any).$1')
    .replace(/process\.env\.\w+/g, 'String($&)')
    .replaceAll('catch (error)', 'catch (error: any)')
    .replaceAll('onConfigure: (environment)', 'onConfigure: (environment: nunjucks.Environment)')
}

/** Programs, and pieces of code as programs. */
function programsOf(page: string): readonly (readonly [file: string, code: string])[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  return [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].flatMap(({ 1: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length
    const file = `${page.replace(/[/.]/g, '-')}-${line}.ts`
    if (EXCEPTIONS.some(([piece]) => code.includes(piece))) return []
    if (isProgram(code)) return [[file, annotate(code)] as const]
    return [[file, withPrelude(annotate(code))] as const]
  })
}

/** What pieces of code leave out: where their names come from. */
const PRELUDE: Readonly<Record<string, string>> = {
  app: "declare const app: import('fastify').FastifyInstance",
  reply: "declare const reply: import('fastify').FastifyReply",
  request: "declare const request: import('fastify').FastifyRequest",
  storage: "declare const storage: import('fingerpost/media').Storage",
  fingerpost: "import fingerpost from 'fingerpost'",
  media: "import { media } from 'fingerpost/media'",
  createFilesystemStorage: "import { createFilesystemStorage } from 'fingerpost/media'",
  createMediaStorage: "import { createMediaStorage } from 'fingerpost/media'",
  view: "import view from '@fastify/view'",
  nunjucks: "import nunjucks from 'nunjucks'",
  fastifyStatic: "import fastifyStatic from '@fastify/static'",
  path: "import path from 'node:path'",
  createReadStream: "import { createReadStream } from 'node:fs'",
  build: "import { build } from 'fingerpost/build'",
  helmet: "import helmet from '@fastify/helmet'",
  keys: "declare const keys: import('fingerpost/media').LinkKey[]",
  nonce: 'declare const nonce: string',
  ownsFile: 'declare function ownsFile(user: unknown, name: string): boolean',
}

/** Pieces that can't be compiled, by what only they contain, and why. */
const EXCEPTIONS: readonly (readonly [piece: string, reason: string])[] = [
  ['three/addons/', 'a package without types'],
  ['event.target.closest', 'runs in browsers, where targets of clicks are elements'],
]

function withPrelude(code: string): string {
  return `import 'fingerpost'\nimport 'fingerpost/media'\n${preludeOf(code, PRELUDE)}${code}`
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
  test(`every program and piece of code of the docs compiles with ${name}`, (context) => {
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
