import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import handlebars from 'handlebars'
import nunjucks from 'nunjucks'
import fingerpost from '../../src/index.ts'
import { createMemoryStorage, media } from '../../src/media.ts'
import { createTestingResolver } from '../../src/testing.ts'
import { makeBuild } from '../support/fixture-build.ts'

const part = {
  filename: 'a.png',
  fieldname: 'f',
  mimetype: 'image/png',
  file: (async function* () {})(),
}

/** A call with a mistyped option, and what its error says. */
const CALLS: Readonly<Record<string, readonly [call: (app: Untyped) => unknown, expected: RegExp]>> = {
  mediaUrl: [(app) => app.mediaUrl('a.png', { varient: 'small' }), /"varient".*\n.*Did you mean variant\?/],
  'mediaUrl with the name alone': [
    (app) => app.mediaUrl('a.png', 'small'),
    /should be an object; it is "small"/,
  ],
  'media.url': [(app) => app.media.url('a.png', { Variant: 'small' }), /Did you mean variant\?/],
  'media.signedUrl': [
    (app) => app.media.signedUrl('a.png', { expiresInSecond: 60 }),
    /Did you mean expiresInSeconds\?/,
  ],
  'a wrong disposition': [
    (app) => app.media.signedUrl('a.png', { disposition: 'download' }),
    /one of inline, attachment/,
  ],
  'media.save': [
    (app) => app.media.save(part, { uploadTo: 'a', extension: ['.pdf'] }),
    /Did you mean extensions\?/,
  ],
  'media.replace': [
    (app) => app.media.replace(undefined, part, { uploadTo: 'a', type: ['image/*'] }),
    /Did you mean types\?/,
  ],
  'files.save': [(app) => app.media.files.save('a.txt', 'a', { overwite: true }), /Did you mean overwrite\?/],
  'files.stage': [(app) => app.media.files.stage('a.txt', 'a', { maxByte: 1 }), /Did you mean maxBytes\?/],
  'files.list': [(app) => app.media.files.list('', { limits: 1 }), /Did you mean limit\?/],
  'files.orphans': [
    (app) => app.media.files.orphans([], { minAgeHour: 1 }).next(),
    /Did you mean minAgeHours\?/,
  ],
  static: [(app) => app.static('a.css', { absolut: true }), /Did you mean absolute\?/],
  importMap: [(app) => app.importMap({ nonces: 'n' }), /Did you mean nonce\?/],
  'a testing resolver': [() => createTestingResolver({ source: ['a'] } as object), /Did you mean sources\?/],
}

/** What JavaScript and templates see. */
// biome-ignore lint/suspicious/noExplicitAny: the calls are wrong on purpose
type Untyped = any

async function makeApp(context: TestContext): Promise<FastifyInstance> {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, {
    root: await makeBuild(context, { 'a.css': 'a', 'b.js': 'b' }),
    watch: false,
  })
  await app.register(media, {
    storage: createMemoryStorage(),
    keys: [{ id: 'k', secret: 'k'.repeat(32) }],
    production: false,
    variants: { small: (picture) => picture },
  })
  return app
}

for (const [name, [call, expected]] of Object.entries(CALLS)) {
  test(`a mistyped option is refused with the nearest name: ${name}`, async (context) => {
    const app = await makeApp(context)
    await assert.rejects(async () => call(app), expected)
  })
}

test('a mistyped option of a request is refused: preload, reply.static, saveUploads', async (context) => {
  const app = await makeApp(context)
  app.get('/preload', (_request, reply: Untyped) => reply.preload({ name: 'b.js', as: 'modul' }).send('x'))
  app.get('/static-url', (_request, reply: Untyped) => reply.static('a.css', { absolut: true }))
  app.post('/form', (request: FastifyRequest) =>
    request.saveUploads({ files: { f: { uploadTo: 'a', extension: ['.pdf'] } as never } }),
  )
  assert.match((await app.inject('/preload')).body, /as should be one of module, script/)
  assert.match((await app.inject('/static-url')).body, /Did you mean absolute/)
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const payload = '--x\r\nContent-Disposition: form-data; name="f"; filename="a.exe"\r\n\r\na\r\n--x--\r\n'
  const answer = await app.inject({ method: 'POST', url: '/form', headers, payload })
  assert.match(answer.body, /Did you mean extensions/)
})

test('what callers add by themselves is no option', async (context) => {
  const app = await makeApp(context)
  assert.deepEqual(['a.png', 'b.png'].map(app.mediaUrl as never), ['/media/a.png', '/media/b.png'])
  assert.equal(['a.css'].map(app.static as never).length, 1)
  handlebars.registerHelper('mediaUrl', app.mediaUrl as never)
  context.after(() => handlebars.unregisterHelper('mediaUrl'))
  assert.equal(handlebars.compile("{{mediaUrl 'a.png'}}")({}), '/media/a.png')
  assert.equal(handlebars.compile("{{{mediaUrl 'a.png' variant='small'}}}")({}), '/media/a.png@small.png')
  const environment = new nunjucks.Environment(null, { autoescape: true })
  const { mediaUrl } = app
  assert.equal(
    environment.renderString("{{ mediaUrl('a.png', variant='small') }}", { mediaUrl }),
    '/media/a.png@small.png',
  )
})
