import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { groupBy } from '../../src/core/group-by.ts'
import { REPOSITORY } from '../support/cli.ts'
import { installPackage } from '../support/package.ts'
import { makeTree } from '../support/tree.ts'
import { readGuide } from './guide.ts'
import { importedPackages, preludeOf } from './program.ts'

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
    .replace(/process\.env\.\w+\b(?! \?\?)/g, 'String($&)')
    .replace(/^\/\*\* @type \{(.*)\} \*\/\n(export const \w+)/gm, '$2: $1')
    .replaceAll('function show(path)', 'function show(path: string)')
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
  ...{ module: 'nodenext', target: 'es2023', strict: true, noEmit: true, skipLibCheck: false },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true },
  types: ['node'],
}

const { peerDependenciesMeta } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  readonly peerDependenciesMeta: Readonly<Record<string, unknown>>
}

/** Programs by the optional peers that they import themselves: no other is installed beside them. */
const GROUPS = groupBy(PAGES.flatMap(programsOf), ([, code]) =>
  importedPackages(code)
    .filter((name) => name in peerDependenciesMeta)
    .sort()
    .join(' '),
)

/** Programs of the guides. They import each other: each guide has a folder. */
const GUIDES = readdirSync(join(REPOSITORY, 'docs/guides')).flatMap((page) =>
  Object.entries(readGuide(`guides/${page}`).files)
    .filter(([file]) => /\.[jt]s$/.test(file))
    .map(([file, code]) => [`${page}/${file.replace(/js$/, 'ts')}`, annotate(code)] as const),
)

const PROJECTS = [
  ...[...GROUPS].map(
    ([peers, programs]) =>
      [`programs of the docs compile with ${peers || 'no optional peer'}`, programs] as const,
  ),
  ['guides compile', GUIDES] as const,
]

for (const [name, folder] of Object.entries({
  'TypeScript 5.9': 'typescript-5',
  'TypeScript 7': 'typescript',
})) {
  for (const [title, programs] of PROJECTS) {
    test(`${title}, by ${name}`, (context) => {
      const project = makeTree(context, {
        'package.json': '{ "type": "module" }',
        'tsconfig.json': JSON.stringify({ compilerOptions: OPTIONS, include: ['**/*.ts'] }),
        ...Object.fromEntries(programs),
      })
      const code = programs.map(([, code]) => code)
      const types = readdirSync(join(REPOSITORY, 'node_modules/@types')).map((each) => `@types/${each}`)
      const named = code.flatMap(importedPackages).filter((each) => each !== 'fingerpost')
      installPackage(project, ['fastify', ...named, ...types])
      const compiler = join(REPOSITORY, 'node_modules', folder, 'bin/tsc')
      const { stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
      // What other packages declare is theirs to mend.
      const faults = stdout.split(/^(?=\S)/m).filter((fault) => fault.includes(basename(project)))
      assert.deepEqual(faults, [])
    })
  }
}

test('the docs have programs with optional peers and without, and the guides have some', () => {
  const count = (peers: string) => GROUPS.get(peers)?.length ?? 0
  assert.ok(count('') > 30, `${count('')} programs`)
  assert.ok(count('@fastify/view') > 5, `${count('@fastify/view')} programs`)
  assert.ok(GUIDES.length > 18, `${GUIDES.length} programs`)
})
