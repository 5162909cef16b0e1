import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import { parseManifest } from '../../src/core/manifest/manifest.ts'
import fingerpost from '../../src/index.ts'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import { media } from '../../src/media/plugin.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { runIn } from '../cli/support.ts'
import { runCli } from '../support/cli.ts'
import { listen } from '../support/exchange.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

// Lines of docs/coming-from-django.md that say more than one thing: what they say, done through the public doors.

const HASH = '[0-9a-f]{16}'

/** A project with this config file, built by the command line. */
async function buildProject(
  context: TestContext,
  config: object,
  tree: Tree,
  ...words: readonly string[]
): Promise<{ readonly cwd: string; readonly names: readonly string[] }> {
  const cwd = makeTree(context, { ...tree, 'fingerpost.config.json': JSON.stringify(config) })
  const { code, stderr, stdout } = await runIn(cwd, 'build', '--json', ...words)
  assert.equal(code, 0, stderr)
  return { cwd, names: Object.keys(JSON.parse(stdout).assets) }
}

async function serve(context: TestContext, root: string) {
  const app = Fastify({ forceCloseConnections: true })
  await app.register(fingerpost, { root, watch: false })
  return listen(context, app)
}

test('STATIC_URL is the url of the config file or of --url, and the plugin takes it from the manifest', async (context) => {
  const tree = { 'assets/a.txt': 'a' }
  const own = await buildProject(context, { sources: ['assets'], url: '/files/' }, tree)
  const { app, get } = await serve(context, join(own.cwd, 'staticfiles'))
  assert.match(app.static('a.txt'), new RegExp(`^/files/a\\.${HASH}\\.txt$`))
  assert.equal((await get(app.static('a.txt'))).body.toString(), 'a')
  const cdn = ['--url', 'https://cdn.example/s/']
  const far = await buildProject(context, { sources: ['assets'], url: '/files/' }, tree, ...cdn)
  const there = await serve(context, join(far.cwd, 'staticfiles'))
  assert.match(there.app.static('a.txt'), /^https:\/\/cdn\.example\/s\/a\./)
})

test('STATIC_ROOT is out in the config file, --out on the command line, and root of the plugin', async (context) => {
  const tree = { 'assets/a.txt': 'a' }
  const { cwd } = await buildProject(context, { sources: ['assets'], out: 'collected' }, tree)
  assert.equal((await runIn(cwd, 'build', '--out', 'elsewhere')).code, 0)
  for (const root of ['collected', 'elsewhere']) {
    const { app, get } = await serve(context, join(cwd, root))
    assert.equal((await get(app.static('a.txt'))).status, 200)
  }
})

test('a source has a prefix in the config file and on the command line', async (context) => {
  const tree = { 'lib/a.js': 'let a', 'app/b.js': 'let b' }
  const sources = ['app', { dir: 'lib', prefix: 'vendor' }]
  assert.deepEqual((await buildProject(context, { sources }, tree)).names, ['b.js', 'vendor/a.js'])
  assert.deepEqual((await buildProject(context, {}, tree, 'app', 'vendor=lib')).names, [
    'b.js',
    'vendor/a.js',
  ])
})

test('static/ folders of apps and packages are sources, asked in their order', async (context) => {
  const tree = {
    'shop/static/shop/cart.js': 'let cart',
    'blog/static/blog/post.css': 'p{}',
    'blog/static/shop/cart.js': 'shadowed',
    'node_modules/icons/dist/a.svg': '<svg/>',
  }
  const icons = { dir: 'node_modules/icons/dist', prefix: 'icons' }
  const sources = ['shop/static', 'blog/static', icons]
  const { cwd, names } = await buildProject(context, { sources }, tree)
  assert.deepEqual(names, ['blog/post.css', 'icons/a.svg', 'shop/cart.js'])
  const built = [...readTree(join(cwd, 'staticfiles')).values()].map(String)
  assert.ok(built.includes('let cart') && !built.includes('shadowed'))
})

test('what is left out by default can be taken back', async (context) => {
  const tree = {
    'assets/.env.css': 'a{}',
    'assets/CVS/a.txt': 'a',
    'assets/b.txt~': 'b',
    'assets/c.txt': 'c',
  }
  const config = { sources: ['assets'] }
  assert.deepEqual((await buildProject(context, config, tree)).names, ['c.txt'])
  const words = ['!.*', '!CVS', '!*~'].flatMap((glob) => ['--ignore', glob])
  const { names } = await buildProject(context, config, tree, ...words)
  assert.deepEqual(names, ['.env.css', 'CVS/a.txt', 'b.txt~', 'c.txt'])
})

test('module aggregation is rewritten without being asked for', async (context) => {
  const tree = {
    'assets/all.js': `import './one.js'\nexport { two } from "./two.js"\nexport * from './three.js'\nimport('./four.js')\n`,
    ...Object.fromEntries(
      ['one', 'two', 'three', 'four'].map((name) => [`assets/${name}.js`, `export const ${name} = 1`]),
    ),
  }
  const { cwd } = await buildProject(context, { sources: ['assets'] }, tree)
  const files = readTree(join(cwd, 'staticfiles'))
  const text = String([...files].find(([name]) => /^all\.\w+\.js$/.test(name))?.[1])
  for (const name of ['one', 'two', 'three', 'four'])
    assert.match(text, new RegExp(`\\./${name}\\.${HASH}\\.js`))
})

test('a build over an earlier one asks nothing, and neither does prune', async (context) => {
  const cwd = makeTree(context, { 'assets/a.txt': 'a' })
  for (const words of [
    ['build', 'assets'],
    ['build', 'assets'],
    ['prune', '--min-age', '0s'],
  ]) {
    // Standard input is a pipe that nobody writes to and nobody closes: who asked would wait for ever.
    const { code, stderr } = await runCli(cwd, words, { timeout: 60_000 })
    assert.equal(code, 0, stderr)
  }
})

test('only hashed names, their siblings and what the build keeps for itself are written', async (context) => {
  const tree = {
    'assets/css/a.css': 'a{color:red}'.repeat(50),
    'assets/b.png': 'b',
    'assets/LICENSE': 'free',
  }
  const { cwd } = await buildProject(context, { sources: ['assets'] }, tree)
  const files = [...readTree(join(cwd, 'staticfiles')).keys()].filter(
    (file) => !file.startsWith('.fingerpost'),
  )
  assert.equal(files.length, 7)
  for (const file of files)
    assert.match(
      file,
      new RegExp(`\\.${HASH}(?:\\.\\w+)?(?:\\.(?:br|gz|zst))?$|^manifest\\.json$|^history\\.json$`),
    )
})

test('text is utf-8 and open to all origins unless told otherwise', async (context) => {
  const tree = { 'assets/a.css': 'a{}', 'assets/b.js': 'let b', 'assets/c.txt': 'c', 'assets/d.png': 'd' }
  const { cwd } = await buildProject(context, { sources: ['assets'] }, tree)
  const { app, get } = await serve(context, join(cwd, 'staticfiles'))
  for (const name of ['a.css', 'b.js', 'c.txt', 'd.png']) {
    const { headers } = await get(app.static(name))
    assert.equal(headers['access-control-allow-origin'], '*')
    assert.equal(/charset=utf-8$/.test(String(headers['content-type'])), name !== 'd.png', name)
  }
})

test('MEDIA_URL is /media/ unless told otherwise, below the prefix of the scope', async (context) => {
  const storage = createMemoryStorage()
  await createMediaStorage(storage).save('a b.txt', Buffer.from('x'))
  const app = Fastify({ forceCloseConnections: true })
  const seen: string[] = []
  for (const [prefix, options] of [
    ['/one', {}],
    ['/two', { url: '/uploads/' }],
  ] as const) {
    await app.register(
      async (scope) => {
        await scope.register(media, { storage, production: false, ...options })
        seen.push(scope.mediaUrl('a b.txt'))
      },
      { prefix },
    )
  }
  const { get } = await listen(context, app)
  assert.deepEqual(seen, ['/one/media/a%20b.txt', '/two/uploads/a%20b.txt'])
  for (const url of seen) assert.equal((await get(url)).status, 200, url)
})

test('a manifest says where every name went, as staticfiles.json does', async (context) => {
  const { cwd } = await buildProject(context, { sources: ['assets'] }, { 'assets/a.txt': 'a' })
  const text = String(readTree(join(cwd, 'staticfiles')).get('manifest.json'))
  assert.match(
    parseManifest(text, 'the build').assets.get('a.txt')?.file ?? '',
    new RegExp(`^a\\.${HASH}\\.txt$`),
  )
})
