import assert from 'node:assert/strict'
import { chmodSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { parsePublicUrl } from '../../src/core/public-url.ts'
import fingerpost from '../../src/index.ts'
import { checkLocations, checkSlash, type LocationCheck } from '../../src/media/check.ts'
import { media } from '../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { startMediaApp } from '../support/media-app.ts'
import { makeTree } from '../support/tree.ts'

const mount = (url: string, root?: string) => ({ url: parsePublicUrl(url), root })
const SOUND: LocationCheck = {
  media: mount('/media/'),
  static: mount('/static/'),
  production: false,
  isVolatile: false,
  cwd: '/srv/app',
  warn: () => undefined,
}

const UNSOUND: readonly (readonly [why: string, change: Partial<LocationCheck>, says: RegExp])[] = [
  ['the same url as static files', { media: mount('/static/') }, /same url/],
  ['a url inside the static one', { media: mount('/static/media/') }, /inside the static url/],
  [
    'a url around the static one',
    { media: mount('/m/'), static: mount('/m/static/') },
    /inside the media url/,
  ],
  ['the whole site', { media: mount('/'), static: undefined }, /whole site/],
  ['memory in production', { isVolatile: true, production: true }, /restart loses them/],
]

for (const [why, change, says] of UNSOUND) {
  test(`media are refused with ${why}`, async () => {
    await assert.rejects(checkLocations({ ...SOUND, ...change }), { code: 'FP_CONFIG', message: says })
  })
}

test('media are refused in a folder that is, holds or lies in another that matters', async (context) => {
  const folder = makeTree(context)
  const [site, files] = [join(folder, 'site'), join(folder, 'site/files')]
  const check = (mediaRoot: string, staticRoot: string, cwd = '/srv/app', production = false) =>
    checkLocations({
      ...SOUND,
      media: mount('/media/', mediaRoot),
      static: mount('/static/', staticRoot),
      cwd,
      production,
    })
  await assert.rejects(check(site, site), /same folder/)
  await assert.rejects(check(files, site), /inside the static folder/)
  await assert.rejects(check(site, files), /inside the media folder/)
  await assert.rejects(check(site, '/srv/static', files), /holds the application itself/)
  await assert.rejects(check(join(tmpdir(), 'x'), '/srv/static', '/srv/app', true), /temporary/)
  await check(join(folder, 'media'), join(folder, 'media-static'))
})

test('what only looks alike is sound', async () => {
  await checkLocations({ ...SOUND, media: mount('/static-media/') })
  await checkLocations({ ...SOUND, media: mount('https://cdn.example/static/') })
  await checkLocations({ ...SOUND, isVolatile: true })
})

test('every reason is told at once', async () => {
  const check = { ...SOUND, media: mount('/'), production: true, isVolatile: true }
  await assert.rejects(checkLocations(check), (error: Error) => {
    assert.match(error.message, /whole site/)
    assert.match(error.message, /restart loses/)
    return true
  })
})

test('a missing folder is made at the first start of a trial, and not without a word', async (context) => {
  const root = join(makeTree(context, { media: {}, cache: {} }), 'medai')
  const warnings: string[] = []
  const check = { ...SOUND, media: mount('/media/', root), warn: (text: string) => void warnings.push(text) }
  await checkLocations(check)
  await checkLocations(check)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /medai does not exist\. There is \S+\/media\. It was made/)
  await assert.rejects(checkLocations({ ...check, production: true }), /Choose another one, \/srv\/media/)
})

test('a missing folder is refused where it is likely a typing mistake', async (context) => {
  const parent = makeTree(context, { media: {} })
  const check = (root: string, production: boolean) =>
    checkLocations({ ...SOUND, media: mount('/media/', join(parent, root)), production })
  await assert.rejects(
    check('medai', true),
    /medai does not exist\. There is \S+\/media\. Correct .*mkdir -p/,
  )
  await assert.rejects(check('medai/files', false), /medai\/files does not exist\. Correct the option root/)
  assert.deepEqual(readdirSync(parent), ['media'])
})

test('a folder that can not be written to is refused', async (context) => {
  const root = makeTree(context, { file: 'in the way' })
  await assert.rejects(
    checkLocations({ ...SOUND, media: mount('/media/', join(root, 'file')) }),
    /can't be written to: it is a file\. Correct the option root\./,
  )
  if (process.getuid?.() === 0) return
  chmodSync(root, 0o555)
  await assert.rejects(checkLocations({ ...SOUND, media: mount('/media/', root) }), /can't be written/)
  // So that it can be removed.
  chmodSync(root, 0o755)
})

test('a url without a slash at its end is refused', async (context) => {
  assert.throws(() => checkSlash('/media'), { code: 'FP_CONFIG', message: /"\/media\/"/ })
  await assert.rejects(startMediaApp(context, { url: '/media' }), { code: 'FP_CONFIG' })
})

test('the plugin knows the build that is served beside it', async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root })
  await app.register(media, { storage: createFilesystemStorage({ root: join(root, 'media') }) })
  await assert.rejects(async () => app.ready(), { code: 'FP_CONFIG', message: /inside the static folder/ })
})
