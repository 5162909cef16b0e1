import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import fingerpost from '../../../src/index.ts'
import type { MediaOptions } from '../../../src/media/options.ts'
import { media } from '../../../src/media/plugin.ts'
import { makeBuild } from '../../support/fixture-build.ts'
import { PNG } from '../../support/image.ts'
import { startMediaApp } from '../../support/media-app.ts'
import { listStorages } from '../../support/storages.ts'

/** An app with a log that is kept. */
async function startLogging(context: TestContext, options: MediaOptions) {
  const lines: string[] = []
  const stream = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)).msg)
      done()
    },
  })
  const app = Fastify({ logger: { stream } })
  context.after(() => app.close())
  await app.register(media, options)
  const get = async (url: string) => {
    lines.length = 0
    const { statusCode, body } = await app.inject(url)
    assert.equal(statusCode, 404)
    assert.doesNotMatch(body, /folder|bucket|memory|mediaUrl/)
    await new Promise((resolve) => setImmediate(resolve))
    return lines.filter((line) => !/^(?:incoming request|request completed|Route GET)/.test(line))
  }
  return { get, lines }
}

for (const [title, make] of listStorages()) {
  test(`in ${title}: the log says where a page shows a picture by its name, or by a name that is not stored`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    await storage.save('avatars/ann b.png', PNG)
    const { get, lines } = await startLogging(context, { storage, production: false })
    await get('/users/7/avatars/ann%20b.png?x=1')
    for (let attempt = 0; attempt < 100 && lines.length < 4; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    const advice = lines.filter((line) => line.includes('mediaUrl'))
    assert.deepEqual(advice, [
      'The page wrote the name of a file, not its URL /media/avatars/ann%20b.png: mediaUrl("avatars/ann b.png")',
    ])
    assert.deepEqual(await get('/users/7/none.png'), [])
    assert.deepEqual(await get('/media/none.png'), [`${storage.name} has no file none.png`])
  })

  test(`in ${title}: what is no name says what to write`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const { app } = await startMediaApp(context, { storage, url: '/files/' })
    const wrong = (name: unknown) => () => app.mediaUrl(name as string)
    for (const name of [undefined, null, 7])
      assert.throws(wrong(name), { code: 'FP_PATH', message: /is text, not \w+\.\n.*user\.avatar &&/ })
    for (const name of ['/files/x/a.png', '/x/a.png', './x/a.png'])
      assert.throws(wrong(name), { code: 'FP_PATH', message: /A name is relative.*Write "x\/a\.png"/ })
    assert.throws(wrong(''), { code: 'FP_PATH', message: /is empty\.\n.*user\.avatar &&/ })
    assert.throws(wrong('../a.png'), { code: 'FP_PATH', message: /safeName\(\)/ })
    for (const ask of [app.media.delete, app.media.signedUrl, app.media.files.read])
      await assert.rejects(async () => ask(undefined as unknown as string), {
        message: /is text, not undefined/,
      })
  })
}

test('a page that calls mediaUrl without having it says where it comes from, once', async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const withMedia = { storage: (await listStorages()[1]?.[1](context)) ?? assert.fail(), production: false }
  for (const plugins of ['static', 'media', 'media and static']) {
    const app = Fastify()
    context.after(() => app.close())
    if (plugins.includes('media')) await app.register(media, withMedia)
    if (plugins.includes('static')) await app.register(fingerpost, { root, watch: false })
    app.get('/', async () => {
      const missing = {} as { mediaUrl(name: string): string }
      return missing.mediaUrl('a.png')
    })
    const { message } = (await app.inject('/')).json()
    assert.equal(message.split('mediaUrl comes with the media plugin').length, 2, plugins)
  }
})

test('app.mediaUrl without the media plugin says what to write, and media may come later', async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const storage = (await listStorages()[1]?.[1](context)) ?? assert.fail()
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root, watch: false })
  const missing = {
    code: 'FP_CONFIG',
    message:
      /^The media plugin is not registered, or app\.mediaUrl was read before it was\.\n {2}.*app\.register\(media, \{ storage \}\)/,
  }
  assert.throws(() => app.mediaUrl('a.png'), missing)
  await app.register(async (scope) => {
    await scope.register(media, { storage, url: '/inner/' })
    assert.equal(scope.mediaUrl('a.png'), '/inner/a.png')
  })
  assert.throws(() => app.mediaUrl('a.png'), missing)
  await app.register(media, { storage, url: '/outer/' })
  assert.equal(app.mediaUrl('a.png'), '/outer/a.png')
})

test("an app's own mediaUrl stays", async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const app = Fastify()
  context.after(() => app.close())
  app.decorate('mediaUrl', (name: string) => `/own/${name}`)
  await app.register(fingerpost, { root, watch: false })
  assert.equal(app.mediaUrl('a.png'), '/own/a.png')
})
