import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { check } from '../../../src/builder/maintain/check.ts'
import { pack } from '../../../src/builder/maintain/pack.ts'
import { prune } from '../../../src/builder/maintain/prune.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { parseHistory } from '../../../src/core/manifest/history.ts'
import { type Manifest, parseManifest } from '../../../src/core/manifest/manifest.ts'
import fingerpost from '../../../src/index.ts'
import { TYPESCRIPT } from '../../support/cli.ts'
import { makeTree, readTree } from '../../support/tree.ts'

const SRC = join(import.meta.dirname, '../../../src')

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(20)

/** Two deploys on two machines: what the first left is in `first`, and the second has never seen it. */
async function twoDeploys(context: TestContext) {
  const cwd = makeTree(context, {
    old: { 'a.css': `${LONG}/* old */`, 'same.txt': LONG },
    new: { 'a.css': `${LONG}/* new */`, 'same.txt': LONG },
  })
  const run = (source: string, options: Partial<BuildOptions>) =>
    build(
      { sources: [source], cache: false, ...options },
      { cwd, now: () => new Date(source === 'old' ? 0 : 5000) },
    )
  const { manifest: old } = await run('old', { out: 'first' })
  return { cwd, old, deploy: (previous: string) => run('new', { out: 'second', previous }) }
}

const fileOf = (manifest: Manifest, path: string) => manifest.assets.get(path)?.file ?? ''

for (const [kind, place] of [
  ['a folder', 'first'],
  ['an archive', 'first.tar'],
] as const) {
  test(`the files of a previous build in ${kind} are carried forward, siblings included`, async (context) => {
    const { cwd, old, deploy } = await twoDeploys(context)
    await pack({ sources: [], out: 'first' }, 'first.tar', { cwd })
    const { manifest } = await deploy(place)
    const [before, after] = [readTree(join(cwd, 'first')), readTree(join(cwd, 'second'))]
    const file = fileOf(old, 'a.css')
    for (const key of [file, `${file}.br`, `${file}.gz`])
      assert.deepEqual(after.get(key), before.get(key), key)
    const history = parseHistory(after.get('history.json')?.toString() ?? '', 'test')
    assert.deepEqual(
      history.builds.map(({ digest, abandoned }) => ({ digest, abandoned })),
      [old, manifest].map(({ digest }) => ({ digest, abandoned: false })),
    )
    assert.deepEqual([...history.retired.keys()], [file])
    assert.equal(history.retired.get(file)?.path, 'a.css')
    assert.deepEqual((await check({ sources: [], out: 'second' }, {}, { cwd })).faults, [])
  })
}

test('the files of a previous build at an address are carried forward as they are', async (context) => {
  const { cwd, old, deploy } = await twoDeploys(context)
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const file = readTree(join(cwd, 'first')).get(decodeURI(request.url ?? '').slice('/static/'.length))
    response.writeHead(file === undefined ? 404 : 200).end(file)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await deploy(`http://127.0.0.1:${port}/static/manifest.json`)
  const file = fileOf(old, 'a.css')
  const after = readTree(join(cwd, 'second'))
  assert.deepEqual(after.get(file), readTree(join(cwd, 'first')).get(file))
  assert.ok(!after.has(`${file}.br`))
  const history = parseHistory(after.get('history.json')?.toString() ?? '', 'test')
  assert.deepEqual(history.retired.get(file)?.encodings, {})
  // What the new build makes itself is not fetched, but what it would have to compress is: asked for as an encoding,
  // then as a file.
  const same = `/static/${fileOf(old, 'same.txt')}`
  assert.deepEqual(
    new Set(asked),
    new Set(['/static/manifest.json', `/static/${file}`, same, `${same}.br`, `${same}.gz`]),
  )
  await assert.rejects(deploy(`http://127.0.0.1:${port}/static/none/manifest.json`), { code: 'FP_NOT_FOUND' })
})

test('a file that goes on behind its promised size is not waited for', async (context) => {
  const { cwd, deploy } = await twoDeploys(context)
  let sent = 0
  const server = createServer((request, response) => {
    if (request.url === '/manifest.json') response.end(readTree(join(cwd, 'first')).get('manifest.json'))
    else {
      const more = () => {
        for (; !response.destroyed && response.write(LONG); sent += LONG.length);
      }
      response.on('drain', more)
      more()
    }
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  context.after(() => server.closeAllConnections())
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await assert.rejects(deploy(`http://127.0.0.1:${port}/manifest.json`), {
    code: 'FP_MANIFEST',
    message: /has more than \d+ bytes/,
  })
  assert.ok(sent < 50_000_000, `${sent} bytes were sent`)
})

test('a second build with the same previous one carries nothing twice', async (context) => {
  const { cwd, deploy } = await twoDeploys(context)
  await deploy('first')
  const before = readTree(join(cwd, 'second'))
  const { kind, work } = await deploy('first')
  assert.deepEqual({ kind, written: work.written }, { kind: 'unchanged', written: 0 })
  assert.deepEqual(readTree(join(cwd, 'second')), before)
})

test('a previous build that is missing or damaged ends the build, and the old output stays in force', async (context) => {
  const { cwd, old, deploy } = await twoDeploys(context)
  await assert.rejects(deploy('nowhere'), { code: 'FP_NOT_FOUND' })
  await assert.rejects(deploy('old'), { code: 'FP_NOT_FOUND' })
  writeFileSync(join(cwd, 'first', fileOf(old, 'a.css')), 'somebody edited it')
  await assert.rejects(deploy('first'), { code: 'FP_DAMAGED' })
  await assert.rejects(pack({ sources: [], out: 'first' }, 'first.tar', { cwd }), { code: 'FP_DAMAGED' })
  assert.ok(!readTree(cwd).has('second/manifest.json'))
  rmSync(join(cwd, 'first', fileOf(old, 'a.css')))
  await assert.rejects(deploy('first'), { code: 'FP_NOT_FOUND' })
})

test('an archive is the same bytes for the same build', async (context) => {
  const { cwd } = await twoDeploys(context)
  const { files } = await pack({ sources: [], out: 'first' }, 'a.tar', { cwd })
  await pack({ sources: [], out: 'first' }, 'deep/b.tar', { cwd })
  assert.deepEqual(readFileSync(join(cwd, 'a.tar')), readFileSync(join(cwd, 'deep/b.tar')))
  assert.equal(files, 1 + 2 * 3)
})

test('what was carried goes with a prune like any other build', async (context) => {
  const { cwd, old, deploy } = await twoDeploys(context)
  await deploy('first')
  const rules = { keep: 1, minAgeSeconds: 0 }
  const now = () => new Date(Date.now() + 60_000)
  const { removed } = await prune({ sources: [], out: 'second' }, rules, { cwd, now })
  const file = fileOf(old, 'a.css')
  assert.deepEqual(removed.map((each) => each.file).sort(), [file, `${file}.br`, `${file}.gz`])
})

for (const file of [
  '.fingerpost/lock-0123456789abcdef',
  '.fingerpost/a.0123456789abcdef.css',
  'MANIFEST.JSON',
  '.htaccess',
  'css/.htaccess',
  'manifest.json',
  'history.json',
  'dictionaries.json',
  'other.css',
  '..\\..\\a.css',
]) {
  test(`a previous build that names ${file} is refused`, async (context) => {
    const { cwd, old, deploy } = await twoDeploys(context)
    const path = join(cwd, 'first/manifest.json')
    const { assets, ...head } = JSON.parse(readFileSync(path, 'utf8'))
    const [first] = Object.values(assets)
    // Under its own name, as a file that a bundler hashed.
    const name = file === 'other.css' ? 'a.css' : file.replace('.0123456789abcdef', '')
    writeFileSync(path, JSON.stringify({ ...head, assets: { [name]: { ...(first as object), file } } }))
    mkdirSync(dirname(join(cwd, 'first', file)), { recursive: true })
    if (!file.endsWith('.json')) cpSync(join(cwd, 'first', fileOf(old, 'a.css')), join(cwd, 'first', file))
    await assert.rejects(deploy('first'), { code: 'FP_MANIFEST', message: /no build writes/ })
    assert.ok(!readTree(cwd).has('second/manifest.json'))
  })
}

test('on Windows no name of a previous build leads elsewhere or to our own files', (context) => {
  const bad = ['..\\a', 'css\\a', 'C:a', 'a:b', 'manifest.json.', 'manifest.json ', '.fingerpost./lock']
  const assetOf = (file: string) => ({
    ...{ file, size: 1, type: 'text/css', etag: 'e', integrity: 'i', encodings: {} },
  })
  const manifestOf = (name: string) =>
    JSON.stringify({ version: 1, url: '/', digest: '0', assets: { [name]: assetOf(name) } })
  const folders = Object.fromEntries(
    [...bad, 'a.css'].map((name, n) => [n, { 'manifest.json': manifestOf(name) }]),
  )
  const top = makeTree(context, folders)
  const code = `
    Object.defineProperty(process, 'platform', { value: 'win32' })
    const { openPrevious } = await import(${JSON.stringify(join(SRC, 'builder/publish/previous.ts'))})
    const faults = []
    for (let n = 0; n < ${bad.length + 1}; n++)
      faults.push(await openPrevious(String(n), ${JSON.stringify(top)}).then(() => '', ({ message }) => message))
    console.log(JSON.stringify(faults))`
  const options = [...TYPESCRIPT, '--input-type=module', '--eval', code]
  const faults = JSON.parse(
    execFileSync(process.execPath, options, { encoding: 'utf8', cwd: join(SRC, '..') }),
  )
  for (const [n, name] of bad.entries()) assert.match(faults[n], /no build writes/, name)
  assert.equal(faults.at(-1), '')
})

test('file names with line ends and backslashes come through an archive', async (context) => {
  const names = ['new\nline.css', 'Icon\r', '9 path=other\n.css', 'back\\slash.css', '\u202Ertl.png']
  const cwd = makeTree(context, {
    old: Object.fromEntries(names.map((name) => [name, `of ${name}`])),
    new: { 'a.css': 'p {}' },
  })
  const { manifest } = await build({ sources: ['old'], out: 'first', cache: false }, { cwd })
  await pack({ sources: [], out: 'first' }, 'first.tar', { cwd })
  await build({ sources: ['new'], out: 'second', previous: 'first.tar', cache: false }, { cwd })
  for (const name of names) {
    const file = fileOf(manifest, name)
    assert.equal(readFileSync(join(cwd, 'second', file), 'utf8'), `of ${name}`, JSON.stringify(name))
  }
})

/** A site in which two files of three stay the same, and what its second build needs compressed. */
async function carriedSite(context: TestContext) {
  const text = (seed: string) => `${seed} ${LONG}`
  const same = { 'b.css': text('b'), 'c.js': text('c') }
  const cwd = makeTree(context, {
    old: { ...same, 'a.css': text('a') },
    new: { ...same, 'a.css': text('new') },
  })
  await build({ sources: ['old'], cache: false, out: 'first' }, { cwd })
  await pack({ sources: [], out: 'first' }, 'first.tar', { cwd })
  const run = (previous: string, options: Partial<BuildOptions> = {}) =>
    build({ sources: ['new'], cache: false, out: 'second', previous, ...options }, { cwd })
  /** Those of files that stay are taken over as they are, byte for byte. */
  const isTaken = (manifest: Manifest) => {
    const [before, after] = [readTree(join(cwd, 'first')), readTree(join(cwd, 'second'))]
    for (const path of Object.keys(same))
      for (const suffix of ['', '.br', '.gz']) {
        const key = fileOf(manifest, path) + suffix
        assert.deepEqual(after.get(key), before.get(key), key)
      }
    rmSync(join(cwd, 'second'), { recursive: true })
  }
  return { cwd, run, isTaken }
}

for (const place of ['first', 'first.tar']) {
  test(`what ${place} has compressed is not compressed again`, async (context) => {
    const { run, isTaken } = await carriedSite(context)
    const { work, manifest } = await run(place)
    assert.deepEqual([work.encoded, work.recalled], [2, 4])
    isTaken(manifest)
  })
}

test('encoded bytes are fetched as they are, from a server of builds and from one of files', async (context) => {
  const { cwd, run, isTaken } = await carriedSite(context)
  const root = join(cwd, 'first')
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root, watch: false })
  app.get('/static/manifest.json', () => readFileSync(join(root, 'manifest.json')))
  const served = await app.listen({ host: '127.0.0.1', port: 0 })
  const ofBuild = await run(`${served}/static/manifest.json`)
  assert.deepEqual([ofBuild.work.encoded, ofBuild.work.recalled], [2, 4])
  isTaken(ofBuild.manifest)
  const server = createServer((request, response) => {
    const file = readTree(root).get((request.url ?? '').slice(1))
    response.writeHead(file === undefined ? 404 : 200).end(file)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const ofFiles = await run(`http://127.0.0.1:${port}/manifest.json`)
  assert.deepEqual([ofFiles.work.encoded, ofFiles.work.recalled], [2, 4])
  isTaken(ofFiles.manifest)
})

test('a compressed file that is damaged or missing is made, and one that is not wanted is left', async (context) => {
  const { cwd, run } = await carriedSite(context)
  const { assets } = parseManifest(readFileSync(join(cwd, 'first/manifest.json'), 'utf8'), 'test')
  const file = join(cwd, 'first', assets.get('b.css')?.file ?? '')
  writeFileSync(`${file}.br`, Buffer.alloc(assets.get('b.css')?.encodings.br?.size ?? 0))
  rmSync(`${file}.gz`)
  const { work } = await run('first')
  assert.deepEqual([work.encoded, work.recalled], [4, 2])
  assert.deepEqual((await check({ sources: [], out: 'second' }, {}, { cwd })).faults, [])
  rmSync(join(cwd, 'second'), { recursive: true })
  const only = await run('first', { encodings: ['gzip'] })
  assert.deepEqual(Object.keys(only.manifest.assets.get('c.js')?.encodings ?? {}), ['gzip'])
})
