import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import { publishBuild } from '../../src/deploy/publish.ts'
import fingerpost, { type FingerpostOptions } from '../../src/index.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { makeBuild, writeBuild } from '../support/fixture-build.ts'
import { asNobody } from '../support/nobody.ts'
import { createS3Lab } from '../support/s3.ts'
import { makeTree, readTree } from '../support/tree.ts'

const lab = createS3Lab()
const CDN = { url: 'https://cdn.example/static/' }
const NOW = () => new Date('2026-03-01')

async function startApp(context: TestContext, options: FingerpostOptions) {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { watch: false, ...options })
  return app
}

test('a manifest in a bucket makes the URLs of the CDN, and follows the next publish', async (context) => {
  const bucket = await lab.storage(context)
  if (bucket === undefined) return
  const root = await makeBuild(context, { 'a.css': 'one' }, CDN)
  const source = createFilesystemStorage({ root })
  await publishBuild(source, bucket, { now: NOW })
  const app = await startApp(context, {
    manifest: async () => (await bucket.read('manifest.json')).toString(),
  })
  const before = app.static('a.css')
  assert.match(before, /^https:\/\/cdn\.example\/static\/a\.[0-9a-f]{16}\.css$/)
  assert.match(app.staticIntegrity('a.css'), /^sha384-/)
  assert.equal(await app.staticReload(), false)
  await writeBuild(root, { 'a.css': 'two' }, CDN)
  await publishBuild(source, bucket, { now: NOW })
  assert.equal(await app.staticReload(), true)
  assert.notEqual(app.static('a.css'), before)
  const { statusCode } = await app.inject('/static/a.css')
  assert.equal(statusCode, 404, 'the files are the business of the CDN')
})

test('a folder of sources is told from one where a build is missing', async (context) => {
  const sources = makeTree(context, { 'assets/a.css': 'a' })
  await assert.rejects(startApp(context, { root: join(sources, 'assets') }), {
    code: 'FP_MANIFEST',
    message: /does not exist\.\n.*assets has files, but no build\./,
  })
  await assert.rejects(startApp(context, { root: join(sources, 'gone') }), {
    code: 'FP_MANIFEST',
    message: /does not exist\.\n.*fingerpost build --out \S*gone\./,
  })
})

test('a manifest is read from an address, and a failure stops the start with its reason', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'one' }, CDN)
  const text = readTree(root).get('manifest.json') ?? ''
  const server = createServer((request, response) => {
    if (request.url === '/manifest.json') response.end(text)
    else if (request.url === '/html') response.end('<html>')
    else response.writeHead(503).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') return assert.fail('no port')
  const origin = `http://127.0.0.1:${address.port}`
  const app = await startApp(context, { manifest: `${origin}/manifest.json` })
  assert.match(app.static('a.css'), /^https:\/\/cdn\.example/)
  await startApp(context, { manifest: new URL('/manifest.json', origin) })
  const refused = (manifest: string) => startApp(context, { manifest })
  await assert.rejects(refused(`${origin}/none`), {
    code: 'FP_MANIFEST',
    message: /answers 503.*\n.*publish/,
  })
  await assert.rejects(refused(`${origin}/html`), { code: 'FP_MANIFEST', message: /not JSON/ })
  await assert.rejects(refused('manifest.json'), { code: 'FP_CONFIG', message: /http/ })
})

test('a manifest that the user of the app may not read says what to do', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'one' })
  chmodSync(join(root, 'manifest.json'), 0)
  await asNobody(() =>
    assert.rejects(startApp(context, { root }), {
      code: 'FP_MANIFEST',
      message: /permission denied \(EACCES\)\.\s+Let the user of the app read it .* chmod -R a\+rX /,
    }),
  )
})
