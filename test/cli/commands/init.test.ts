import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext, test } from 'node:test'
import { REPOSITORY, runNode } from '../../support/cli.ts'
import { rounds } from '../../support/long.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

/** A package.json with these packages. */
function manifest(packages: readonly string[], fields: object = {}): string {
  const dependencies = Object.fromEntries(packages.map((name) => [name, '*']))
  return `${JSON.stringify({ name: 'app', ...fields, dependencies }, null, 2)}\n`
}

function link(cwd: string, packages: readonly string[]): void {
  for (const name of packages) {
    const path = join(cwd, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(name === 'fingerpost' ? REPOSITORY : join(REPOSITORY, 'node_modules', name), path)
  }
}

interface Plan {
  readonly files: readonly {
    readonly kind: string
    readonly path: string
    readonly reason?: string
    readonly text?: string
  }[]
  readonly lines: readonly { readonly place: string; readonly code: string }[]
  readonly found: Readonly<Record<string, unknown>>
  readonly steps: readonly string[]
}

async function plan(cwd: string, ...words: readonly string[]): Promise<Plan> {
  const { code, stdout, stderr } = await runIn(cwd, 'init', '--json', ...words)
  assert.equal(code, 0, stdout + stderr)
  return JSON.parse(stdout)
}

/** A project with what it needs, in which `init --write` has run. */
async function setUp(context: TestContext, packages: readonly string[], tree: Tree) {
  const cwd = makeTree(context, tree)
  link(cwd, [...packages, 'fingerpost', 'fastify'])
  return { cwd, ...(await plan(cwd, '--write')) }
}

/** Asks an app for its page and for the file the page names, as a program that says what it got. */
const ASK = `
const ask = async () => {
  const page = await app.inject('/')
  const [, url] = /(?:href|src)="(\\/static\\/(?!__fingerpost\\/live)[^"]+)"/.exec(page.body) ?? []
  const file = url && (await app.inject(url.replaceAll('&#x2F;', '/')))
  const said = file ? { url, page: page.statusCode, file: file.statusCode } : { body: page.body }
  console.log(JSON.stringify(said))
  await app.close()
}
ask()
`

/** Runs the app over its build. */
function runProduction(cwd: string, file: string): Promise<void> {
  return runAs('production', /^\/static\/.*\.[0-9a-f]{16}\.\w+$/, { cwd, file })
}

/** Runs the app over its build, and live. */
async function runBoth(cwd: string, file: string): Promise<void> {
  await runProduction(cwd, file)
  await runAs('development', /^\/static\//, { cwd, file })
}

async function runAs(
  mode: string,
  name: RegExp,
  { cwd, file }: { readonly cwd: string; readonly file: string },
): Promise<void> {
  const { stdout, stderr } = await runNode([file], { cwd, env: { NODE_ENV: mode } })
  const said = JSON.parse(stdout.split('\n').findLast((each) => each.startsWith('{')) ?? '{}')
  assert.deepEqual([said.page, said.file], [200, 200], `${mode}: ${stdout}${stderr}`)
  assert.match(said.url, name)
}

async function build(cwd: string): Promise<void> {
  const built = await runIn(cwd, 'build')
  assert.equal(built.code, 0, built.stderr)
}

/** How an app sets up an engine before it has fingerpost, by the engine's package. */
const ENGINES = {
  nunjucks: { load: 'nunjucks', view: '{ nunjucks }', end: 'njk' },
  ejs: { load: 'ejs', view: '{ ejs }', end: 'ejs' },
  eta: { load: '{ Eta }', view: '{ eta: new Eta() }', end: 'eta' },
  handlebars: { load: 'handlebars', view: '{ handlebars }', end: 'hbs' },
  pug: { load: 'pug', view: '{ pug }', end: 'pug' },
  liquidjs: {
    load: '{ Liquid }',
    make: "const liquid = new Liquid({ root: process.cwd() + '/views', extname: '.liquid' })",
    view: '{ liquid }',
    end: 'liquid',
  },
  'edge.js': {
    load: '{ Edge }',
    make: "const edge = Edge.create()\nedge.mount(process.cwd() + '/views')",
    view: '{ edge }',
    end: 'edge',
  },
} as const

const STYLES = { 'css/site.css': 'a{color:red}' }

/** Adds what the test needs to a file that `init` has written into. */
function complete(cwd: string, file: string, ...rest: readonly string[]): void {
  const text = readFileSync(join(cwd, file), 'utf8')
  assert.match(text, /fingerpost/)
  writeFileSync(join(cwd, file), [text, ...rest].join('\n'))
}

describe('init --write, the build and the app as it is then', { concurrency: 2 }, () => {
  for (const [engine, setup] of Object.entries(ENGINES).slice(0, rounds(2, 9))) {
    const { load, view, end } = setup
    const kinds = ['ejs', 'handlebars'].includes(engine) ? ['module', 'commonjs'] : ['module']
    for (const type of kinds) {
      it(`${engine} with @fastify/view, ${type}`, async (context) => {
        const loads = (what: string, from: string) =>
          type === 'module' ? `import ${what} from '${from}'` : `const ${what} = require('${from}')`
        const start = [
          loads('Fastify', 'fastify'),
          loads('view', '@fastify/view'),
          loads(load, engine),
          'const app = Fastify()',
          'make' in setup ? setup.make : '',
        ].join('\n')
        const { cwd, lines } = await setUp(context, ['@fastify/view', engine], {
          'package.json': manifest(['fastify', 'fingerpost', '@fastify/view', engine], { type }),
          'server.js': start,
          public: STYLES,
          views: {},
        })
        const tag = lines.at(-1)
        writeFileSync(
          join(cwd, `views/page.${end}`),
          engine === 'pug' ? `html\n  head\n    ${tag?.code}\n` : `<!doctype html>${tag?.code}`,
        )
        const rest = `app.register(view, { engine: ${view}, root: process.cwd() + '/views' })
app.get('/', (request, reply) => reply.view('page.${end}'))`
        complete(cwd, 'server.js', rest, ASK)
        assert.equal((await runIn(cwd, 'build')).code, 0)
        await (engine === 'nunjucks' || type === 'commonjs' ? runBoth : runProduction)(cwd, 'server.js')
      })
    }
  }

  it('TypeScript, strict, with typed names', async (context) => {
    const types = ['@types', 'undici-types']
    const { cwd, files, lines } = await setUp(context, types, {
      'package.json': manifest(['fastify', 'fingerpost', 'typescript'], { type: 'module' }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ module: 'nodenext', target: 'es2023', strict: true, skipLibCheck: true },
          ...{ types: ['node'], rootDir: 'src', outDir: 'dist' },
        },
        include: ['src'],
      }),
      'src/app.ts': "import Fastify from 'fastify'\n\nexport const app = Fastify()\n",
      assets: STYLES,
    })
    assert.equal(files[0]?.path, 'fingerpost.config.js')
    const [route] = lines
    complete(cwd, 'src/app.ts', `app.get('/', async (request, reply) => { ${route?.code} })`)
    writeFileSync(join(cwd, 'ask.js'), `import { app } from './dist/app.js'\n${ASK}`)
    await build(cwd)
    assert.match(readFileSync(join(cwd, 'src/static-names.d.ts'), 'utf8'), /"css\/site\.css": true/)
    const compiled = await runNode([join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd })
    assert.equal(compiled.code, 0, compiled.stdout)
    await runBoth(cwd, 'ask.js')
  })

  it('Vite, with the lines for its config file', async (context) => {
    const { cwd, files, lines } = await setUp(context, ['vite'], {
      'package.json': manifest(['fastify', 'fingerpost', 'vite'], { type: 'module' }),
      'src/main.js': "import './main.css'",
      'src/main.css': 'h1{color:teal}',
      'server.js': "import Fastify from 'fastify'\nconst app = Fastify()",
      'public/robots.txt': '',
    })
    assert.match(readFileSync(join(cwd, 'fingerpost.config.js'), 'utf8'), /sources: \['dist'\]/)
    assert.ok(files.some(({ path, kind }) => path === 'package.json' && kind === 'change'))
    const [config, route] = lines
    assert.equal(config?.place, 'vite.config.js')
    writeFileSync(join(cwd, 'vite.config.js'), config?.code ?? '')
    complete(cwd, 'server.js', `app.get('/', async (request, reply) => { ${route?.code} })`, ASK)
    const vite = await runNode([join(REPOSITORY, 'node_modules/vite/bin/vite.js'), 'build'], { cwd })
    assert.equal(vite.code, 0, vite.stderr)
    await build(cwd)
    const { stdout, stderr } = await runNode(['server.js'], { cwd, env: { NODE_ENV: 'production' } })
    const said = JSON.parse(stdout)
    assert.deepEqual([said.page, said.file], [200, 200], stdout + stderr)
    assert.match(said.url, /^\/static\/assets\/main-[\w-]+\.css$/)
    // Configured so, Vite needs no more lines.
    assert.equal((await plan(cwd)).lines[0]?.place, 'a route')
  })

  it('nothing but a package.json', async (context) => {
    const { cwd, files, lines } = await setUp(context, [], { 'package.json': '{"name":"app"}' })
    assert.deepEqual(
      files.map(({ kind, path }) => [kind, path]),
      [
        ['create', 'fingerpost.config.mjs'],
        ['create', 'assets/css/site.css'],
        ['change', 'package.json'],
      ],
    )
    const [app, route] = lines
    const start = "const Fastify = require('fastify')\nconst app = Fastify()"
    const rest = `app.get('/', async (request, reply) => { ${route?.code} })`
    writeFileSync(join(cwd, 'server.js'), [start, app?.code, rest, ASK].join('\n'))
    await build(cwd)
    await runBoth(cwd, 'server.js')
  })
})

const PROJECT = {
  'package.json': manifest(['fastify', 'fingerpost'], { type: 'module' }),
  '.gitignore': 'node_modules',
  'app.js': "import Fastify from 'fastify'\n\nconst app = Fastify()\n",
  public: { ...STYLES, '.hidden': '' },
}

test('init changes nothing without --write, and prints what it would do', async (context) => {
  const cwd = makeTree(context, PROJECT)
  const before = readTree(cwd)
  const { code, stdout, stderr } = await runIn(cwd, 'init')
  assert.equal(code, 0)
  assert.equal(stdout, '')
  assert.match(stderr, /^Found npm, ES modules, files in public\n/)
  assert.match(stderr, /\+ fingerpost\.config\.js would be created\n {4}import \{ defineConfig \}/)
  assert.match(stderr, /\+ package\.json would be extended by\n {4}"build:static": "fingerpost build"\n/)
  assert.match(stderr, /\+ \.gitignore would be extended by\n {4}staticfiles\/\n/)
  const inserted =
    /\+ app\.js would be extended by\n {6}2 {2}import fingerpost from 'fingerpost'\n {6}5 {2}const isDev/
  assert.match(stderr, inserted)
  assert.doesNotMatch(stderr, /Add to app\.js/)
  assert.match(stderr, /Nothing is changed yet\. To write the files: npx fingerpost init --write\n$/)
  await runIn(cwd, 'init', '--json')
  assert.deepEqual(readTree(cwd), before)
})

test('init --write leaves everything else as it is, and a second one changes nothing', async (context) => {
  const cwd = makeTree(context, PROJECT)
  const before = readTree(cwd)
  const first = await runIn(cwd, 'init', '--write')
  assert.match(first.stderr, /\+ fingerpost\.config\.js created\n/)
  const after = readTree(cwd)
  const changed = [...after].filter(([name, bytes]) => !before.get(name)?.equals(bytes))
  assert.deepEqual(
    changed.map(([name]) => name),
    ['.gitignore', 'app.js', 'fingerpost.config.js', 'package.json'],
  )
  assert.equal(after.get('.gitignore')?.toString(), 'node_modules\nstaticfiles/\n')
  // Before the package is installed its config file can't be loaded.
  for (const packages of [[], ['fingerpost']]) {
    link(cwd, packages)
    const { code, stderr } = await runIn(cwd, 'init', '--write')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /= fingerpost\.config\.js stays: exists\n/)
    assert.match(stderr, /= app\.js stays: loads fingerpost already\n/)
    assert.doesNotMatch(stderr, /^\+/m)
  }
  for (const [name, bytes] of after) assert.deepEqual(readFileSync(join(cwd, name)), bytes, name)
})

test('the script goes into package.json whatever its format, and the rest stays', async (context) => {
  const formats = [
    [
      '{\n\t"scripts": {\n\t\t"test": "x {y}"\n\t}\n}\n',
      '{\n\t"scripts": {\n\t\tNEW,\n\t\t"test": "x {y}"\n\t}\n}\n',
    ],
    ['{\r\n  "a": 1\r\n}', '{\r\n  "a": 1,\r\n  "scripts": {\r\n    NEW\r\n  }\r\n}'],
    [
      '{\n  "scripts": {},\n  "files": ["a", "b"]\n}\n',
      '{\n  "scripts": {\n    NEW\n  },\n  "files": ["a", "b"]\n}\n',
    ],
    ['{}\n', '{\n  "scripts": {\n    NEW\n  }\n}\n'],
  ] as const
  for (const [before, after] of formats) {
    const cwd = makeTree(context, { 'package.json': before, assets: STYLES })
    await plan(cwd, '--write')
    const wanted = after.replace('NEW', '"build:static": "fingerpost build"')
    assert.equal(readFileSync(join(cwd, 'package.json'), 'utf8'), wanted)
  }
})

test('where the script can not be added safely, or is there already, package.json stays', async (context) => {
  const reasonFor = async (text: string) => {
    const cwd = makeTree(context, { 'package.json': text, assets: STYLES })
    const { files, steps } = await plan(cwd, '--write')
    assert.equal(readFileSync(join(cwd, 'package.json'), 'utf8'), text)
    return [files.find(({ path }) => path === 'package.json')?.reason, steps.at(-1)]
  }
  const nested = '{ "config": { "scripts": {} }, "scripts": { "a": "b" } }'
  assert.match((await reasonFor(nested))[0] ?? '', /^add to its scripts "build:static": "fingerpost build"$/)
  assert.deepEqual(await reasonFor('{"scripts":{"build:static":"make"}}'), [
    'its script "build:static" does something else',
    'npx fingerpost build',
  ])
  assert.deepEqual(await reasonFor('{"scripts":{"assets":"fingerpost build && x"}}'), [
    'its script "assets" builds',
    'npm run assets',
  ])
})

test('an existing config file decides on the lines', async (context) => {
  const cwd = makeTree(context, {
    'package.json': '{"type":"module"}',
    'fingerpost.config.json': '{"sources":["web"],"out":"built"}',
    '.gitignore': '/node_modules/\n',
    'web/js/a.js': '',
    views: {},
  })
  const { files, lines } = await plan(cwd, '--write')
  assert.deepEqual(files[0], { kind: 'keep', path: 'fingerpost.config.json', reason: 'exists' })
  assert.match(lines[0]?.code ?? '', /\{ root: 'built', live: isDevelopment && \{ watch: \['views'\] \} \}/)
  assert.match(lines[1]?.code ?? '', /moduleTag\('js\/a\.js'\)/)
  assert.equal(readFileSync(join(cwd, '.gitignore'), 'utf8'), '/node_modules/\nbuilt/\n')
})

test('what the config file of Vite says goes into the config file and the lines', async (context) => {
  const withVite = async (config: string, tree: Tree = {}) => {
    const packages = { 'package.json': manifest(['fastify', 'fingerpost', 'vite'], { type: 'module' }) }
    const { files, lines } = await plan(makeTree(context, { ...packages, 'vite.config.ts': config, ...tree }))
    const [first] = files
    return [first?.text, ...lines.map(({ code }) => code)]
  }
  const complete =
    "{ base: '/a/', build: { manifest: true, outDir: 'web', rollupOptions: { input: 'src/x.ts' } } }"
  const [text, ...lines] = await withVite(complete, { assets: STYLES })
  assert.match(String(text), /\n {2}sources: \['assets', 'web'\],\n {2}url: '\/a\/',\n/)
  assert.match(lines.at(-1) ?? '', /viteTags\('src\/x\.ts'\).*stylesheetTag\('css\/site\.css'\)/)
  assert.equal(lines.length, 2)
  const compiled = { 'tsconfig.json': '{"compilerOptions":{"outDir":"./dist/"}}', 'src/index.tsx': '' }
  const [other, wanted] = await withVite("{ base: './' }", compiled)
  assert.match(
    String(other),
    /\n {2}sources: \['dist\/client'\],\n {2}types: 'src\/static-names\.d\.ts',\n\}/,
  )
  assert.equal(
    wanted,
    `base: '/static/',\nbuild: { manifest: true, outDir: 'dist/client', rollupOptions: { input: 'src/index.tsx' } },`,
  )
})

test('the package manager is that of packageManager, or of the nearest lock file', async (context) => {
  const cwd = makeTree(context, {
    'pnpm-lock.yaml': '',
    'app/package.json': '{}',
    'yarn/package.json': '{"packageManager":"yarn@4.1.0"}',
    'bun/package.json': '{}',
    'bun/bun.lock': '',
  })
  const steps = async (folder: string) => (await plan(join(cwd, folder))).steps[0]
  assert.equal(await steps('app'), 'pnpm add fastify fingerpost')
  assert.equal(await steps('yarn'), 'yarn add fastify fingerpost')
  assert.equal(await steps('bun'), 'bun add fastify fingerpost')
})

test('a project with @fastify/static is told where the way from it is described', async (context) => {
  const cwd = makeTree(context, { 'package.json': manifest(['@fastify/static']) })
  const page = /node_modules\/fingerpost\/(docs\/coming-from-fastify-static\.md)/
  const [, path = ''] = page.exec((await runIn(cwd, 'init')).stderr) ?? []
  assert.ok(readFileSync(join(REPOSITORY, path)))
})

test('without a package.json init says what to do', async (context) => {
  const { code, stderr } = await runIn(makeTree(context), 'init', '--write')
  assert.equal(code, 2)
  assert.match(stderr, /^fingerpost: \S+ has no package\.json\.\n {2}Go to the folder of your project, or/)
  const broken = await runIn(makeTree(context, { 'package.json': '{' }), 'init')
  assert.equal(broken.code, 2)
  assert.match(broken.stderr, /package\.json is not a JSON object/)
})
