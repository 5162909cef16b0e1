import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeTree } from '../support/tree.ts'
import { runIn } from './support.ts'

const ROOT = join(import.meta.dirname, '..', '..')

test('types writes the names once, in order, and again only when they change', async (context) => {
  const cwd = makeTree(context, { 'a/b.css': '', 'a/a.css': '', "a/it's.css": '', 'a/.x': '' })
  assert.match((await runIn(cwd, 'types', 'a')).stderr, /3 names in \S+fingerpost-names\.d\.ts \(written\)/)
  const file = join(cwd, 'fingerpost-names.d.ts')
  const { mtimeMs } = statSync(file)
  const text = readFileSync(file, 'utf8')
  assert.match(text, / {4}"a\.css": true\n {4}"b\.css": true\n {4}"it's\.css": true\n/)
  assert.match((await runIn(cwd, 'types', 'a')).stderr, /unchanged/)
  assert.equal(statSync(file).mtimeMs, mtimeMs)
  const { stdout } = await runIn(cwd, 'types', 'a', '--file', 'sub/names.d.ts', '--json')
  assert.deepEqual(JSON.parse(stdout), { kind: 'written', file: join(cwd, 'sub/names.d.ts'), names: 3 })
})

/** A project that uses the built package, checked with the real compiler. */
function compile(context: TestContext, cwd: string, code: string) {
  mkdirSync(join(cwd, 'node_modules'), { recursive: true })
  for (const name of ['fastify', '@types', 'undici-types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(cwd, 'node_modules', name))
  }
  symlinkSync(ROOT, join(cwd, 'node_modules', 'fingerpost'))
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  writeFileSync(join(cwd, 'app.ts'), code)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  }
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', cwd], { encoding: 'utf8' })
  context.diagnostic(`${stdout.split('\n').length - 1} lines from tsc`)
  return stdout
}

const CODE = `import Fastify from 'fastify'
import fingerpost from 'fingerpost'
const app = Fastify()
await app.register(fingerpost)
app.static('css/site.css')
app.static('css/site.css?v=1')
app.static('css/styl.css')
app.staticIntegrity('css/site.css')
app.staticUrl(String(Math.random()))
app.get('/', (_request, reply) => reply.static('nope.css'))
`

test('with the names a misspelt one does not compile, without them any text does', async (context) => {
  if (!statSync(join(ROOT, 'dist'), { throwIfNoEntry: false })) return context.skip('needs npm run build')
  const typed = makeTree(context, { 'a/css/site.css': '' })
  await runIn(typed, 'types', 'a')
  const errors = compile(context, typed, CODE)
    .split('\n')
    .filter((line) => line.startsWith('app.ts') || line.includes('app.ts('))
  assert.equal(errors.length, 2, errors.join('\n'))
  assert.match(errors[0] ?? '', /app\.ts\(7,12\)/)
  assert.match(errors[1] ?? '', /app\.ts\(10,/)
  assert.equal(compile(context, makeTree(context), CODE), '')
})
