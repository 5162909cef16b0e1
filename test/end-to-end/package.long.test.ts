import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { builtinModules, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { init, parse } from 'es-module-lexer'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { installPackage } from '../support/package.ts'
import { makeTree, readTree } from '../support/tree.ts'

await init()

const MODULE = `
import fingerpost, { defineConfig, FingerpostError } from 'fingerpost'
import { build } from 'fingerpost/build'
import Fastify from 'fastify'

const report = await build(defineConfig({ sources: ['assets'], cache: false }))
const app = Fastify()
await app.register(fingerpost, { root: 'staticfiles' })
const answer = await app.inject(app.static('site.css'))
console.log(JSON.stringify({ kind: report.kind, url: app.static('site.css'), body: answer.body }))
try { app.static('sit.css') } catch (error) { console.log(error instanceof FingerpostError, error.code) }
await app.close()
`

const COMMON_JS = `
const { default: fingerpost, defineConfig } = require('fingerpost')
const { build } = require('fingerpost/build')
console.log(typeof fingerpost, typeof defineConfig, typeof build)
`

const TYPED = `
import view from '@fastify/view'
import Fastify, { type FastifyReply } from 'fastify'
import fingerpost, { defineConfig, type FingerpostOptions } from 'fingerpost'
import { build, type BuildReport } from 'fingerpost/build'

const options: FingerpostOptions = { root: 'staticfiles', cacheControl: { logical: 'max-age=60' } }
const app = Fastify()
await app.register(view, { engine: {} })
await app.register(fingerpost, options)
app.get('/', (_request, reply: FastifyReply) => reply.send(reply.static('css/site.css')))
const url: string = app.static('site.css')
const integrity: string = app.staticIntegrity('site.css')
const report: BuildReport = await build(defineConfig({ sources: ['assets', { dir: 'b', prefix: 'c' }] }))
console.log(url, integrity, report.manifest.digest)

// @ts-expect-error an option that doesn't exist
await app.register(fingerpost, { rot: 'staticfiles' })
// @ts-expect-error a source that is no folder
defineConfig({ sources: [1] })
`

/** Builds with brotli-wasm, and reads back what it made. */
const WASM = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { build } from 'fingerpost/build'

mkdirSync('texts')
writeFileSync('texts/long.txt', 'a '.repeat(30))
const { manifest } = await build({ sources: ['texts'], out: 'wasm', brotli: 'wasm', cache: false })
const { file, encodings } = manifest.assets.get('long.txt')
if (encodings.br === undefined) throw new Error('not compressed')
console.log(String(brotliDecompressSync(readFileSync('wasm/' + file + '.br'))))
`

test('the package, packed and put into an empty project', { timeout: 120_000 }, async (context) => {
  const project = makeTree(context, {
    'package.json': '{ "type": "module" }',
    'assets/site.css': 'body { background: url(dot.svg) }',
    'assets/dot.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'app.js': MODULE,
    'app.cjs': COMMON_JS,
    'app.ts': TYPED,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: ['node'] },
      files: ['app.ts'],
    }),
  })
  const { installed, manifest } = installPackage(project, ['fastify', '@fastify/view', '@types/node'])

  await context.test('it holds what runs, its licence and its texts, and nothing else', () => {
    const files = [...readTree(installed).keys()]
    const others = files.filter(
      (file) => !/^dist\/.*\.(c?js|d\.ts)$|^docs\/.*\.md$|^docs\/images\//.test(file),
    )
    const texts = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
    const parts = ['dist/parts/licences.txt', 'dist/parts/report.css']
    assert.deepEqual(others.sort(), [...texts, ...parts].sort())
    const licences = readFileSync(join(installed, 'dist/parts/licences.txt'), 'utf8')
    for (const name of ['chokidar', 'content-disposition', 'd3-hierarchy', 'entities', 'parse5', 'readdirp'])
      assert.match(licences, new RegExp(`^${name} \\d`, 'm'))
    // One for each entry point, and what several of them share.
    const declarations = files.filter((file) => file.endsWith('.d.ts'))
    assert.ok(declarations.length <= 20, declarations.join('\n'))
  })

  await context.test('every link of its README leads to a file of it', () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    assert.ok(links.length > 0)
    assert.deepEqual(
      links.filter((link) => !existsSync(join(installed, link))),
      [],
    )
  })

  await context.test('it says where its sources and its issues are', () => {
    const address = 'https://github.com/fingerpost/fingerpost'
    assert.equal(manifest.repository.url, `git+${address}.git`)
    assert.equal(manifest.homepage, `${address}#readme`)
    assert.equal(manifest.bugs, `${address}/issues`)
  })

  await context.test('it imports every package it depends on, and no other', () => {
    const imported = importsOf(join(installed, 'dist'))
    const { dependencies, peerDependencies } = manifest
    for (const name of Object.keys(dependencies)) assert.ok(imported.has(name), `nothing imports ${name}`)
    const declared = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)])
    // Yarn answers to pnpapi, where it is used; `init` prints lines that import the package itself.
    const builtin = new Set([...builtinModules, 'pnpapi', 'fingerpost'])
    assert.deepEqual(
      [...imported].filter((name) => name !== 'node' && !builtin.has(name) && !declared.has(name)),
      [],
    )
  })

  await context.test(
    'an app that serves loads few files of it, and no package that it does not serve with',
    () => {
      const { files, packages } = loadedWith(join(installed, 'dist/index.js'))
      // The sources of the same are more than sixty.
      assert.ok(files.size <= 11, [...files].join('\n'))
      assert.deepEqual([...packages].sort(), ['fastify-plugin', 'lru-cache', 'xxhash-wasm'])
    },
  )

  await context.test('an ES module builds and serves with it', async () => {
    const { code, stdout, stderr } = await runNode(['app.js'], { cwd: project })
    assert.equal(code, 0, stderr)
    const [line = '', error = ''] = stdout.split('\n')
    const { kind, url, body } = JSON.parse(line) as Record<string, string>
    assert.equal(kind, 'built')
    assert.match(url ?? '', /^\/static\/site\.[0-9a-f]{16}\.css$/)
    assert.match(body ?? '', /^body \{ background: url\(dot\.[0-9a-f]{16}\.svg\) \}$/)
    assert.equal(error, 'true FP_UNKNOWN_NAME')
  })

  await context.test('it compresses in worker threads of its own file', async () => {
    writeFileSync(join(project, 'wasm.js'), WASM)
    const { code, stdout, stderr } = await runNode(['wasm.js'], { cwd: project })
    assert.equal(code, 0, stderr)
    assert.equal(stdout, `${'a '.repeat(30)}\n`)
  })

  await context.test('CommonJS requires it', async () => {
    const { code, stdout, stderr } = await runNode(['app.cjs'], { cwd: project })
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'function function function\n')
  })

  await context.test('TypeScript knows its types, with nothing of ours left unchecked', async () => {
    const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc')
    const { code, stdout } = await runNode([tsc, '-p', '.'], { cwd: project })
    assert.equal(code, 0, stdout)
  })

  await context.test('its program runs', async () => {
    const program = join(installed, manifest.bin.fingerpost)
    assert.match(readFileSync(program, 'utf8'), /^#!\/usr\/bin\/env node\n/)
    const { stdout } = await runNode([program, '--version'], { cwd: project })
    assert.ok(stdout.includes(manifest.version), stdout)
    const built = await runNode([program, 'build', 'assets', '--json'], { cwd: project })
    assert.equal(built.code, 0, built.stderr)
    assert.equal((JSON.parse(built.stdout) as { kind: string }).kind, 'unchanged')
  })
})

/** Names of everything that any file imports, requires or resolves; relative paths left out. */
function importsOf(folder: string): ReadonlySet<string> {
  const pattern = /(?:\bfrom |\bimport\(|\brequire\(|\.resolve\()['"]((?:@[\w-]+\/)?[\w-]+)/g
  const names = new Set<string>()
  for (const [file, text] of readTree(folder)) {
    if (!file.endsWith('.js')) continue
    for (const [, name = ''] of text.toString().matchAll(pattern)) names.add(name)
  }
  return names
}

/** What a file needs before its first line runs: of the package itself, and of others. */
function loadedWith(door: string) {
  const files = new Set<string>()
  const packages = new Set<string>()
  const load = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const [imports] = parse(readFileSync(file, 'utf8'))
    for (const { type, specifier } of imports) {
      if (type !== 'static' && type !== 'reexport-star') continue
      if (specifier.startsWith('.')) load(join(dirname(file), specifier))
      else if (!isBuiltin(specifier)) packages.add(specifier)
    }
  }
  load(door)
  return { files, packages }
}
