import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'

/** They install from the registry: `npm run test:packages` runs them. */
const skip = process.env['FINGERPOST_PACKAGES'] !== 'all' && 'npm run test:packages runs it'

const registry = skip ? '' : execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()

const MANAGERS: Readonly<Record<string, string>> = { pnpm: '12.21.0', '@yarnpkg/cli-dist': '4.18.1' }

/** The folder of the package managers, installed once. */
function installManagers(): string {
  const folder = join(REPOSITORY, '.cache', 'managers')
  const isThere = Object.entries(MANAGERS).every(([name, version]) => {
    const file = join(folder, 'node_modules', name, 'package.json')
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version
  })
  if (isThere) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const specs = Object.entries(MANAGERS).map(([name, version]) => `${name}@${version}`)
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  execFileSync('npm', ['install', '--no-save', ...options, ...specs], { cwd: folder })
  return folder
}

const manager = (file: string) => [process.execPath, join(REPOSITORY, '.cache/managers/node_modules', file)]

interface Manager {
  readonly install: readonly string[]
  readonly exec: readonly string[]
  readonly node: readonly string[]
  /** How a workspace's package is required. */
  readonly workspace: string
  readonly env?: NodeJS.ProcessEnv
}

const USED: Readonly<Record<string, Manager>> = {
  'npm workspaces': {
    install: ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'],
    exec: ['npx'],
    node: ['node'],
    workspace: '*',
  },
  pnpm: {
    install: [...manager('pnpm/bin/pnpm.mjs'), 'install', '--ignore-scripts', '--registry', registry],
    exec: [...manager('pnpm/bin/pnpm.mjs'), 'exec'],
    node: ['node'],
    workspace: 'workspace:*',
    env: { CI: '1' },
  },
  'Yarn PnP, in archives': {
    install: [...manager('@yarnpkg/cli-dist/bin/yarn.js'), 'install'],
    exec: [...manager('@yarnpkg/cli-dist/bin/yarn.js'), 'run'],
    node: [...manager('@yarnpkg/cli-dist/bin/yarn.js'), 'node'],
    workspace: 'workspace:*',
    env: {
      ...{ YARN_NODE_LINKER: 'pnp', YARN_NPM_REGISTRY_SERVER: registry, YARN_ENABLE_TELEMETRY: '0' },
      ...{ YARN_ENABLE_GLOBAL_CACHE: '0', YARN_ENABLE_SCRIPTS: '0', YARN_ENABLE_IMMUTABLE_INSTALLS: '0' },
      ...(registry.startsWith('http:') && { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname }),
    },
  },
}

/** Serves files of packages: of the build, compressed, and live from where the packages are. */
const SERVE = `
  import Fastify from 'fastify'
  import fingerpost from 'fingerpost'
  const results = []
  for (const options of [{ root: 'staticfiles' }, { live: true }]) {
    const app = Fastify()
    await app.register(fingerpost, options)
    for (const name of ['vendor/normalize/modern-normalize.css', 'vendor/ui/a.css']) {
      const { statusCode, headers } = await app.inject({ url: app.static(name), headers: { 'accept-encoding': 'br' } })
      results.push(statusCode)
      if (headers['content-encoding']) results.push(headers['content-encoding'])
    }
    await app.close()
  }
  console.log(JSON.stringify(results))
`

for (const [name, { install, exec, node, workspace, env = {} }] of Object.entries(USED)) {
  test(`two versions of lit and packages as sources are resolved, built and served: ${name}`, {
    skip,
  }, (context) => {
    installManagers()
    const versions = {
      fingerpost: 'file:./fingerpost.tgz',
      'enhanced-resolve': '5.27.0',
      lit: '3.3.1',
      'modern-normalize': '3.0.1',
      fastify: '5.6.0',
    }
    const dependencies = { ...versions, '@me/ui': workspace }
    const vendor = { package: 'modern-normalize', prefix: 'vendor/normalize' }
    const sources = ['assets', vendor, 'vendor/ui=npm:@me/ui/css']
    const options = { sources, importMap: { packages: 'auto' }, encodings: ['br'], cache: false }
    const cwd = makeTree(context, {
      'package.json': JSON.stringify({
        name: 'site',
        private: true,
        type: 'module',
        dependencies,
        workspaces: ['ui'],
      }),
      'pnpm-workspace.yaml': 'packages:\n  - ui\n',
      'yarn.lock': '',
      'fingerpost.config.json': JSON.stringify(options),
      'assets/app.js': 'import { html } from "lit"; import "@me/ui"',
      'serve.js': SERVE,
      ui: {
        'package.json': JSON.stringify({
          name: '@me/ui',
          version: '1.2.0',
          type: 'module',
          exports: './index.js',
          dependencies: { lit: '2.8.0' },
        }),
        'index.js': 'export { html } from "lit"',
        'css/a.css': 'a { color: red }'.repeat(9),
      },
    })
    const [packed = ''] = execFileSync(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', cwd],
      { cwd: REPOSITORY, encoding: 'utf8' },
    )
      .trim()
      .split('\n')
    execFileSync('mv', [join(cwd, packed), join(cwd, 'fingerpost.tgz')])
    const run = ([command = '', ...words]: readonly string[]) =>
      execFileSync(command, words, { cwd, env: { ...process.env, ...env }, stdio: 'pipe', timeout: 300_000 })
    run(install)
    run([...exec, 'fingerpost', 'build'])
    run([...exec, 'fingerpost', 'check'])
    const served = run([...node, 'serve.js']).toString()
    assert.deepEqual(JSON.parse(served.trim().split('\n').at(-1) ?? ''), [200, 'br', 200, 'br', 200, 200])
    const { importMap, importMapScopes } = JSON.parse(
      readFileSync(join(cwd, 'staticfiles/manifest.json'), 'utf8'),
    )
    assert.equal(importMap.lit, 'npm/lit@3.3.1/index.js')
    assert.equal(importMap['@me/ui'], 'npm/@me/ui@1.2.0/index.js')
    assert.deepEqual(importMapScopes['npm/@me/ui@1.2.0/'], { lit: 'npm/lit@2.8.0/index.js' })
    if (name.startsWith('Yarn'))
      assert.ok(existsSync(join(cwd, '.pnp.cjs')) && !existsSync(join(cwd, 'node_modules')))
  })
}
