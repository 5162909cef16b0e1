import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../../support/cli.ts'
import { completionsAt } from '../../support/language-server.ts'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

test('types writes the names once, in order, and again only when they change', async (context) => {
  const cwd = makeTree(context, { 'a/b.css': '', 'a/a.css': '', "a/it's.css": '', 'a/.x': '' })
  assert.match((await runIn(cwd, 'types', 'a')).stderr, /^3 names in fingerpost-names\.d\.ts \(written\)/)
  const file = join(cwd, 'fingerpost-names.d.ts')
  const { mtimeMs } = statSync(file)
  const text = readFileSync(file, 'utf8')
  assert.match(text, / {4}"a\.css": true\n {4}"b\.css": true\n {4}"it's\.css": true\n/)
  assert.match((await runIn(cwd, 'types', 'a')).stderr, /unchanged/)
  assert.equal(statSync(file).mtimeMs, mtimeMs)
  const { stdout } = await runIn(cwd, 'types', 'a', '--file', 'sub/names.d.ts', '--json')
  assert.deepEqual(JSON.parse(stdout), { kind: 'written', file: join(cwd, 'sub/names.d.ts'), names: 3 })
})

test('where the names can not be written, types says why', async (context) => {
  const cwd = makeTree(context, { 'a/a.css': '' })
  const { code, stderr } = await runIn(cwd, 'types', 'a', '--file', 'a')
  assert.equal(code, 1)
  assert.match(stderr, /There is a folder where the file belongs/)
})

test('the file the config names is filled by types and by a build, and left alone by a rehearsal', async (context) => {
  const config = { sources: ['a'], out: 'out', cache: false, types: 'src/names.d.ts' }
  const cwd = makeTree(context, { 'a/a.css': '', 'fingerpost.config.json': JSON.stringify(config) })
  const file = join(cwd, 'src/names.d.ts')
  await runIn(cwd, 'build', '--dry-run')
  assert.equal(existsSync(file), false)
  await runIn(cwd, 'build')
  assert.match(readFileSync(file, 'utf8'), /\n {4}"a\.css": true\n/)
  writeFileSync(join(cwd, 'a/b.css'), '')
  await runIn(cwd, 'types')
  assert.match(readFileSync(file, 'utf8'), /"b\.css": true/)
})

test('a build of which nothing has changed fills in a file that is gone', async (context) => {
  const config = { sources: ['a'], types: 'names.d.ts' }
  const cwd = makeTree(context, { 'a/a.css': '', 'fingerpost.config.json': JSON.stringify(config) })
  await runIn(cwd, 'build')
  rmSync(join(cwd, 'names.d.ts'))
  await runIn(cwd, 'build')
  assert.ok(existsSync(join(cwd, 'names.d.ts')))
})

const isBuilt = existsSync(join(REPOSITORY, 'dist'))

/** A project that uses the built package. */
function makeProject(cwd: string, code: string): void {
  mkdirSync(join(cwd, 'node_modules'), { recursive: true })
  for (const name of ['fastify', '@types', 'undici-types']) {
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(cwd, 'node_modules', name))
  }
  symlinkSync(REPOSITORY, join(cwd, 'node_modules', 'fingerpost'))
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  writeFileSync(join(cwd, 'app.ts'), code)
  const language = { module: 'nodenext', target: 'es2023', strict: true, types: ['node'] }
  const compilerOptions = { ...language, noEmit: true, skipLibCheck: true }
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
}

/** The lines of `app.ts` that the real compiler refuses. */
function refusedLines(cwd: string): readonly number[] {
  const { stdout } = spawnSync(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', cwd], {
    cwd,
    encoding: 'utf8',
  })
  return [...stdout.matchAll(/^app\.ts\((\d+),\d+\): error TS2345/gm)].map(([, line]) => Number(line))
}

const CODE = `import Fastify from 'fastify'
import fingerpost from 'fingerpost'
const app = Fastify()
await app.register(fingerpost)
app.static('css/site.css')
app.static('css/site.css?v=1#top')
app.static('css/site.css#top')
app.staticIntegrity('css/site.css')
app.staticUrl(String(Math.random()))
app.static(Math.random() > 0.5 ? 'css/site.css' : 'a b.css')
app.static('css/styl.css')
app.static('css/styl.css?v=1')
app.static(String(Math.random()))
app.staticIntegrity('css/')
app.get('/', (_request, reply) => reply.static('nope.css'))
`
const FIRST_WRONG_LINE = 11

test('with the names a misspelt one does not compile, without them any text does', async (context) => {
  if (!isBuilt) return context.skip('needs npm run build')
  const cwd = makeTree(context, { 'a/css/site.css': '', 'a/a b.css': '' })
  makeProject(cwd, CODE)
  assert.deepEqual(refusedLines(cwd), [])
  await runIn(cwd, 'types', 'a')
  assert.deepEqual(
    refusedLines(cwd),
    [0, 1, 2, 3, 4].map((each) => FIRST_WRONG_LINE + each),
  )
})

test('an editor offers the names', async (context) => {
  if (!isBuilt) return context.skip('needs npm run build')
  const cwd = makeTree(context, { 'a/css/site.css': '', "a/it's.css": '' })
  makeProject(cwd, CODE.replace("app.static('css/site.css')", "app.static('')"))
  await runIn(cwd, 'types', 'a')
  const offered = await completionsAt(context, join(cwd, 'app.ts'), "app.static('")
  assert.deepEqual(offered, ['css/site.css', "it's.css"])
})
