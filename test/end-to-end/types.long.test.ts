import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { installPackage } from '../support/package.ts'
import { makeTree } from '../support/tree.ts'

const MODULES = join(REPOSITORY, 'node_modules')
/** The oldest compiler with everything the declarations use, and the one the project is compiled with. */
const COMPILERS = { 'TypeScript 5.9': 'typescript-5', 'TypeScript 7': 'typescript' }

const STRICT = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
}

const { exports } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string>>
}
/** `fingerpost`, `fingerpost/build` … */
const ENTRIES = Object.keys(exports)
  .filter((key) => !key.endsWith('.json'))
  .map((key) => `fingerpost${key.slice(1)}`)

for (const [name, folder] of Object.entries(COMPILERS)) {
  test(`every entry point compiles with ${name} and no optional peer`, (context) => {
    if (!existsSync(join(REPOSITORY, 'dist/index.d.ts'))) return context.skip('needs npm run build')
    const files = ENTRIES.map((entry, index) => [
      `entry${index}.ts`,
      `import * as entry from '${entry}'\nconsole.log(entry)\n`,
    ])
    const project = makeTree(context, {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: STRICT, include: ['*.ts'] }),
      ...Object.fromEntries(files),
    })
    installPackage(project, ['fastify', '@types/node'])
    const compiler = join(MODULES, folder, 'bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
    assert.equal(stdout, '')
    assert.equal(status, 0)
  })
}
