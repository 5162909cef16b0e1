import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { PNG } from '../support/image.ts'
import { installPackage } from '../support/package.ts'
import { createS3Lab, optionsFor } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'

const lab = createS3Lab()
const PAGE = readFileSync(join(REPOSITORY, 'docs/media.md'), 'utf8')

/** The program of the page in which a word stands. */
function programWith(word: string): string {
  const programs = [...PAGE.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  return programs.find((text) => text.includes(word)) ?? assert.fail(`no program of the page has ${word}`)
}

/** Runs a program as its reader would: in a folder of its own, with the packages installed. */
async function run(context: TestContext, program: string): Promise<string> {
  const folder = makeTree(context, {
    'package.json': '{ "type": "module" }',
    'app.js': program,
    'march.pdf': '%PDF',
    'cat.png': PNG,
  })
  const sdk = ['client-s3', 'lib-storage', 's3-request-presigner', 's3-presigned-post']
  const peers = ['fastify', '@fastify/multipart', '@fastify/view', ...sdk.map((name) => `@aws-sdk/${name}`)]
  installPackage(folder, [...peers, 'sharp'])
  const { code, stdout, stderr } = await runNode(['app.js'], { cwd: folder })
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

test('the page starts with a program that runs as it stands: it takes a portrait and shows it', async (context) => {
  const [first = ''] = [...PAGE.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text]) => text)
  const output = await run(
    context,
    `${first.replace('{ port: 3000 }', "{ host: '127.0.0.1', port: 0 }")}
    const { readFileSync } = await import('node:fs')
    const origin = 'http://127.0.0.1:' + app.server.address().port
    const body = new FormData()
    body.append('user', 'ada')
    body.append('avatar', new Blob([readFileSync('cat.png')]), 'cat.png')
    // Every body is read: one that isn't holds its connection, and app.close() waits for that.
    const saved = await fetch(origin + '/profile', { method: 'POST', body, redirect: 'manual' })
    await saved.text()
    const { status, headers } = saved
    const page = await fetch(origin + headers.get('location'))
    const [, src] = /<img src="([^"]+)"/.exec(await page.text())
    const shown = await fetch(origin + src)
    await shown.arrayBuffer()
    console.log(status, page.headers.get('content-type'), src, shown.status, shown.headers.get('content-type'))
    await app.close()`,
  )
  assert.match(output, /^303 text\/html\S* \/media\/avatars\/\d{4}\/\d\d\/cat\.png 200 image\/png$/)
})

test('the program for private files lets the owner and the link in, and nobody else', async (context) => {
  const output = await run(
    context,
    `import Fastify from 'fastify'
    import media, { createMemoryStorage } from 'fingerpost/media'
    process.env.NEW_KEY = 'n'.repeat(32)
    process.env.OLD_KEY = 'o'.repeat(32)
    const app = Fastify()
    const storage = createMemoryStorage()
    await storage.save('private/report.pdf', Buffer.from('%PDF'))
    const ownsFile = (user, name) => user === 'ada' && name === 'private/report.pdf'
    app.decorateRequest('user', '')
    app.addHook('onRequest', async (request) => { request.user = request.headers['x-user'] })
    ${programWith('ownsFile')}
    const get = async (url, user) => (await app.inject({ url, headers: { 'x-user': user } })).statusCode
    console.log(await get(link, 'eve'), await get('/media/private/report.pdf', 'ada'), await get('/media/private/report.pdf', 'eve'))`,
  )
  assert.equal(output, '200 200 403')
})

test('the program without an app saves and signs', async (context) => {
  const output = await run(
    context,
    `import { createReadStream } from 'node:fs'
    import { createFilesystemStorage, createMediaStorage } from 'fingerpost/media'
    const keys = [{ id: 'k1', secret: 'k'.repeat(32) }]
    ${programWith('createReadStream').replace('await files.signedUrl', 'const link = await files.signedUrl')}
    console.log(link, await files.size('reports/march.pdf'))`,
  )
  assert.match(output, /^\/media\/reports\/march\.pdf\?expires=\d+&key=k1&signature=[\w-]+ 4$/)
})

test('the program for pictures in other sizes makes them, at the addresses it names', async (context) => {
  const program = programWith("from 'sharp'")
  const output = await run(
    context,
    `import Fastify from 'fastify'
    import media, { createFilesystemStorage } from 'fingerpost/media'
    const app = Fastify()
    ${program}
    const { readFileSync } = await import('node:fs')
    await app.media.files.save('avatars/ann.png', readFileSync('cat.png'))
    for (const variant of [undefined, 'small', 'wide']) {
      const url = app.mediaUrl('avatars/ann.png', { variant })
      const answer = await app.inject(url)
      const { width, format } = await sharp(answer.rawPayload).metadata()
      console.log(url, answer.headers['content-type'], width, format)
    }`,
  )
  assert.deepEqual(output.split('\n'), [
    '/media/avatars/ann.png image/png 1 png',
    '/media/avatars/ann.png@small.png image/png 200 png',
    '/media/avatars/ann.png@wide.webp image/webp 1600 webp',
  ])
  for (const url of output.matchAll(/\/media\/\S+/g)) assert.ok(program.includes(`// '${url[0]}'`), url[0])
})

test('the program for direct uploads gives a form out and looks at what came', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const options = JSON.stringify({ ...optionsFor(server), prefix: 'docs' })
  const output = await run(
    context,
    `import Fastify from 'fastify'
    import media from 'fingerpost/media'
    import { createS3Storage } from 'fingerpost/s3'
    const app = Fastify()
    const storage = createS3Storage(${options})
    await app.register(media, { storage, keys: [{ id: 'k1', secret: 'k'.repeat(32) }] })
    ${programWith('/upload/begin')}
    const { url, fields, ticket } = (await app.inject({ method: 'POST', url: '/upload/begin' })).json()
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob(['a film']), 'holiday.mp4')
    await fetch(url, { method: 'POST', body: form })
    const { name } = (await app.inject({ method: 'POST', url: '/upload/end', payload: { ticket } })).json()
    console.log(name, await app.media.files.size(name))`,
  )
  assert.match(output, /^videos\/holiday_[\w-]{12}\.mp4 6$/)
})
