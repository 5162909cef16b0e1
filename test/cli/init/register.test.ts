import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext, test } from 'node:test'
import { REPOSITORY, runNode } from '../../support/cli.ts'
import { asNobody } from '../../support/nobody.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const TSX = join(REPOSITORY, 'node_modules/tsx/dist/loader.mjs')

function manifest(fields: object = {}, packages: readonly string[] = []): string {
  const names = ['fastify', 'fingerpost', ...packages]
  return JSON.stringify({ ...fields, dependencies: Object.fromEntries(names.map((name) => [name, '*'])) })
}

/** Makes a project and runs `init --write` in it. */
async function init(context: TestContext, tree: Tree) {
  const cwd = makeTree(context, { assets: { 'css/site.css': 'a{color:red}' }, ...tree })
  const { code, stdout, stderr } = await runIn(cwd, 'init', '--write', '--json')
  assert.equal(code, 0, stderr)
  return { cwd, ...JSON.parse(stdout) }
}

/** The file after `init --write`. */
async function written(
  context: TestContext,
  file: string,
  text: string,
  fields: object = { type: 'module' },
) {
  const { cwd } = await init(context, { 'package.json': manifest(fields), [file]: text })
  return readFileSync(join(cwd, file), 'utf8')
}

/** What `init --write` says about a file that it leaves as it is. */
async function reasonFor(context: TestContext, tree: Tree): Promise<string> {
  const cwd = makeTree(context, { 'package.json': manifest({ type: 'module' }), ...tree })
  const before = readTree(cwd)
  const { stdout } = await runIn(cwd, 'init', '--write', '--json')
  for (const [name, bytes] of before)
    if (name !== 'package.json') assert.deepEqual(readFileSync(join(cwd, name)), bytes, name)
  const { files, lines } = JSON.parse(stdout)
  // The lines to paste are there.
  assert.ok(lines.some(({ code }: { readonly code: string }) => /\.register\(fingerpost/.test(code)))
  return files.at(-1).reason
}

describe('where the registration goes', () => {
  const option = "{ root: 'staticfiles', live: isDevelopment }"
  const flag = "const isDevelopment = process.env.NODE_ENV !== 'production'"

  it('after the last import and the statement, in a module', async (context) => {
    const text = `import { join } from 'node:path'\nimport Fastify from 'fastify'\n\nconst app = Fastify()\n\napp.get('/', f)\n`
    const after = `import { join } from 'node:path'\nimport Fastify from 'fastify'\nimport fingerpost from 'fingerpost'\n\nconst app = Fastify()\n${flag}\nawait app.register(fingerpost, ${option})\n\napp.get('/', f)\n`
    assert.equal(await written(context, 'server.js', text), after)
  })

  it('in the line ends, quotes, semicolons and indentation of the file', async (context) => {
    const text = `import { fastify as make } from "fastify";\r\n\r\nasync function main() {\r\n\tconst server = make({\r\n\t\tlogger: true,\r\n\t});\r\n\treturn server;\r\n}\r\n`
    const after = await written(context, 'src/main.mjs', text)
    assert.equal(after.replaceAll('\r\n', '').includes('\n'), false)
    assert.deepEqual(after.split('\r\n').slice(0, 9), [
      'import { fastify as make } from "fastify";',
      'import fingerpost from "fingerpost";',
      '',
      'async function main() {',
      '\tconst server = make({',
      '\t\tlogger: true,',
      '\t});',
      '\tconst isDevelopment = process.env.NODE_ENV !== "production";',
      '\tserver.register(fingerpost, { root: "staticfiles", live: isDevelopment });',
    ])
  })

  it('in CommonJS after the last require before the app, which may be a call itself', async (context) => {
    const text = `'use strict'\nconst path = require('node:path')\nconst fastify = require('fastify')({ logger: true })\nconst late = require('late')\n`
    const after = `'use strict'\nconst path = require('node:path')\nconst { fingerpost } = require('fingerpost')\nconst fastify = require('fastify')({ logger: true })\n${flag}\nfastify.register(fingerpost, ${option})\nconst late = require('late')\n`
    assert.equal(await written(context, 'server.js', text, {}), after)
    const first = "const app = require('fastify')()"
    const lines = [`const { fingerpost } = require('fingerpost')`, first, flag]
    assert.deepEqual((await written(context, 'app.js', first, {})).split('\n').slice(0, 3), lines)
  })

  it('after a chain of calls, with types', async (context) => {
    const text = `import Fastify, { type FastifyInstance } from 'fastify'\n\nexport const app: FastifyInstance = Fastify<Server>({ a: ')' }) // the app\n  .withTypeProvider<Provider>()\n`
    const after = await written(context, 'src/server.ts', text)
    assert.match(after, /withTypeProvider<Provider>\(\)\nconst isDevelopment[^\n]*\nawait app\.register\(/)
  })

  it('does not declare a name twice', async (context) => {
    const text = `import Fastify from 'fastify'\nconst isDevelopment = 1\nconst app = Fastify()\n`
    const after = await written(context, 'server.js', text)
    assert.match(after, /live: process\.env\.NODE_ENV !== 'production' \}/)
    assert.equal(after.match(/const isDevelopment/g)?.length, 1)
  })

  it('into the file that the scripts start, of several that call Fastify', async (context) => {
    const text = "import Fastify from 'fastify'\nconst app = Fastify()\n"
    const tree = { 'one.js': text, 'lib/two.js': text }
    const scripts = { dev: 'node --watch ./lib/two.js' }
    const { cwd } = await init(context, { 'package.json': manifest({ type: 'module', scripts }), ...tree })
    assert.equal(readFileSync(join(cwd, 'one.js'), 'utf8'), text)
    assert.match(readFileSync(join(cwd, 'lib/two.js'), 'utf8'), /fingerpost/)
    assert.match(await reasonFor(context, tree), /^each of one\.js, lib\/two\.js calls Fastify;/)
  })

  it('keeps the permissions of the file', async (context) => {
    const tree = { 'package.json': manifest({}), 'app.js': "const app = require('fastify')()\n" }
    const cwd = makeTree(context, tree)
    chmodSync(join(cwd, 'app.js'), 0o750)
    await runIn(cwd, 'init', '--write')
    assert.match(readFileSync(join(cwd, 'app.js'), 'utf8'), /fingerpost/)
    assert.equal(statSync(join(cwd, 'app.js')).mode & 0o777, 0o750)
  })
})

test('a file that is not understood stays as it is, with the reason and the lines to paste', async (context) => {
  const load = "import Fastify from 'fastify'\n"
  const reasons = [
    ['const a = Fastify()\nconst b = Fastify()\n', /more than once/],
    ['export const make = () => Fastify()\n', /no simple statement/],
    ['const app = Fastify(), b = 1\n', /no simple statement/],
    ['const app = Fastify({ a: /[)]/ })\n', /no simple statement/],
    ['const app = Fastify()\n;[1].forEach(f)\n'.replace(';', ''), /no simple statement/],
    ['// const app = Fastify()\n', /does not call Fastify/],
    ["const app = Fastify()\nconst a = '\n", /does not parse|does not call/],
    ['const app = Fastify() // \uFFFD\n', /not UTF-8/],
  ] as const
  for (const [text, reason] of reasons)
    assert.match(await reasonFor(context, { 'server.js': load + text }), reason, text)
  const cwd = makeTree(context, {
    'package.json': manifest({}),
    'other/app.js': `${load}const a = Fastify()\n`,
  })
  symlinkSync('other/app.js', join(cwd, 'app.js'))
  const { stdout } = await runIn(cwd, 'init', '--write', '--json')
  assert.match(JSON.parse(stdout).files.at(-1).reason, /a link|each of/)
})

test('a plugin that loads fingerpost in another file is enough', async (context) => {
  const text = "import Fastify from 'fastify'\nconst app = Fastify()\n"
  const plugin = "import fingerpost from 'fingerpost'\nexport default (app) => app.register(fingerpost)\n"
  const tree = { 'package.json': manifest({ type: 'module' }), 'server.js': text, 'plugins/a.js': plugin }
  const { cwd, files } = await init(context, tree)
  assert.deepEqual(files.at(-1), { kind: 'keep', path: 'plugins/a.js', reason: 'loads fingerpost already' })
  assert.equal(readFileSync(join(cwd, 'server.js'), 'utf8'), text)
})

test('a file that loads fingerpost for its types, its options or something else does not count', async (context) => {
  const server = "import Fastify from 'fastify'\nconst app = Fastify()\n"
  for (const other of [
    "import type fingerpost from 'fingerpost'\nregister()\n",
    "import { something } from 'fingerpost'\nregister()\n",
    "import fingerpost from 'fingerpost'\nconsole.log(fingerpost)\n",
    "// app.register(require('fingerpost'))\n",
  ]) {
    const tree = { 'package.json': manifest({ type: 'module' }), 'server.js': server, 'lib/other.js': other }
    const { files } = await init(context, tree)
    assert.deepEqual([files.at(-1).kind, files.at(-1).path], ['change', 'server.js'], other)
  }
})

test('awaits only outside functions, whatever the indentation', async (context) => {
  const load = "import Fastify from 'fastify'\n"
  const bodies = [
    ['export function make() {\nconst app = Fastify()\nreturn app\n}\n', false],
    ['const half = 1 / 2\nconst app = Fastify()\n', false],
    ['{\n  const app = Fastify()\n}\n', false],
    ["const text = '{ ('; // [\nconst app = Fastify()\nexport function later() {}\n", true],
  ] as const
  for (const [body, isAwaited] of bodies) {
    const text = await written(context, 'app.js', load + body)
    assert.equal(/await app\.register/.test(text), isAwaited, text)
    assert.match(text, /app\.register\(fingerpost/)
  }
})

test('a script names the file with or without its extension', async (context) => {
  const text = "const app = require('fastify')()\n"
  for (const start of ['node server', 'node ./server', 'node server.js']) {
    const tree = { 'package.json': manifest({ scripts: { start } }), 'server.js': text, 'lib/seed.js': text }
    const { files } = await init(context, tree)
    assert.deepEqual([files.at(-1).kind, files.at(-1).path], ['change', 'server.js'], start)
  }
})

test('what may not be read, and large files, are passed over', async (context) => {
  const server = "import Fastify from 'fastify'\nconst app = Fastify()\n"
  const cwd = makeTree(context, {
    'package.json': manifest({ type: 'module' }),
    'server.js': server,
    'data.js': `fastify = '${'f'.repeat(600_000)}'\n${server}`,
    'secret.js': server,
    pgdata: {},
  })
  chmodSync(cwd, 0o755)
  for (const name of ['package.json', 'server.js', 'data.js']) chmodSync(join(cwd, name), 0o644)
  for (const name of ['pgdata', 'secret.js']) chmodSync(join(cwd, name), 0)
  const run = () => asNobody(() => runIn(cwd, 'init', '--json'))
  const found = await run()
  chmodSync(join(cwd, 'package.json'), 0)
  const refused = await run()
  // Nobody but root removes a folder that may not be read.
  chmodSync(join(cwd, 'pgdata'), 0o755)
  assert.equal(found.code, 0, found.stderr)
  assert.equal(JSON.parse(found.stdout).files.at(-1).path, 'server.js')
  assert.match(
    refused.stderr,
    /refused to read package\.json: EACCES: permission denied\.\n {2}Let this user read it/,
  )
})

/** Asks for the page of an app, and for the file that it names. */
const ASK = `
;(async () => {
  const page = await app.inject('/')
  const file = await app.inject(page.body)
  console.log(JSON.stringify([page.body, file.statusCode]))
  await app.close()
})()
`
const ROUTE = "app.get('/', async () => app.static('css/site.css'))\n"

/** Builds, and runs the app. */
async function serves(cwd: string, words: readonly string[], packages: readonly string[] = []) {
  for (const name of ['fastify', 'fastify-plugin', 'fingerpost', ...packages]) {
    const path = join(cwd, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(name === 'fingerpost' ? REPOSITORY : join(REPOSITORY, 'node_modules', name), path)
  }
  const built = await runIn(cwd, 'build')
  assert.equal(built.code, 0, built.stderr)
  const { stdout, stderr } = await runNode(words, { cwd, env: { NODE_ENV: 'production' } })
  const [url, status] = JSON.parse(stdout || '[]')
  assert.match(url ?? stderr, /^\/static\/css\/site\.[0-9a-f]{16}\.css$/)
  assert.equal(status, 200)
}

describe('the app starts and serves the build as init --write leaves it', () => {
  it('a module, and an app made in a function', async (context) => {
    const make = 'export function make() {\n  const app = Fastify()\n  return app\n}\n'
    for (const app of ['const app = Fastify()\n', `${make}const app = make()\n`]) {
      const text = `import Fastify from 'fastify'\n${app}${ROUTE}${ASK}`
      const { cwd } = await init(context, { 'package.json': manifest({ type: 'module' }), 'app.js': text })
      await serves(cwd, ['app.js'])
    }
  })

  it('CommonJS', async (context) => {
    const text = `const { fastify: make } = require('fastify')\nconst app = make()\n${ROUTE}${ASK}`
    const { cwd } = await init(context, { 'package.json': manifest(), 'index.cjs': text })
    await serves(cwd, ['index.cjs'])
  })

  it('TypeScript, started by tsx', async (context) => {
    const text = `import Fastify, { type FastifyInstance } from "fastify";\nconst app: FastifyInstance = Fastify();\n${ROUTE}${ASK}`
    const fields = { type: 'module', scripts: { dev: 'tsx watch src/web.ts' } }
    const { cwd } = await init(context, {
      'package.json': manifest(fields, ['typescript']),
      'src/web.ts': text,
    })
    await serves(cwd, ['--import', TSX, 'src/web.ts'])
  })

  for (const type of ['commonjs', 'module']) {
    it(`the layout of fastify-cli, ${type}`, async (context) => {
      const isModule = type === 'module'
      const app = isModule
        ? "import autoload from '@fastify/autoload'\nexport default async (app) => app.register(autoload, { dir: import.meta.dirname + '/plugins' })"
        : "const autoload = require('@fastify/autoload')\nmodule.exports = async (app) => app.register(autoload, { dir: __dirname + '/plugins' })"
      const start = `import Fastify from 'fastify'\nimport plugin from './app.js'\nconst app = Fastify()\nconst skip = Symbol.for('skip-override')\napp.register(Object.assign(plugin, { [skip]: true }))\n${ROUTE}${ASK}`
      const { cwd, files } = await init(context, {
        'package.json': manifest({ type, scripts: { start: 'fastify start app.js' } }, ['@fastify/autoload']),
        'app.js': app,
        plugins: {},
      })
      assert.deepEqual([files.at(-1).kind, files.at(-1).path], ['create', 'plugins/fingerpost.js'])
      writeFileSync(join(cwd, 'start.mjs'), start)
      await serves(cwd, ['start.mjs'], ['@fastify/autoload'])
      const again = JSON.parse((await runIn(cwd, 'init', '--write', '--json')).stdout)
      assert.ok(again.files.every(({ kind }: { readonly kind: string }) => kind === 'keep'))
    })
  }
})
