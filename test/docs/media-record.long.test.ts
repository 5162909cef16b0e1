import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { GIF, PNG } from '../support/image.ts'
import { installPackage } from '../support/package.ts'
import { createS3Lab, optionsFor } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'

const lab = createS3Lab()
const PAGE = readFileSync(join(REPOSITORY, 'docs/media.md'), 'utf8')
const SECTION = PAGE.slice(PAGE.indexOf('\n## A file of a record\n'), PAGE.indexOf('\n## Serving\n'))
const blockOf = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(SECTION)?.[1] ?? assert.fail(language)

/** What a visitor does with the program of the page, and what is stored after each step. */
const VISIT = `
const { readFileSync } = await import('node:fs')
const page = '/users/1'
const send = async (path, name) => {
  const body = new FormData()
  if (name !== undefined) body.append('avatar', new Blob([readFileSync(name)]), name)
  body.append('x', 'x')
  const answer = await fetch(app.listeningOrigin + path, { method: 'POST', body, redirect: 'manual' })
  await answer.text()
  return answer.status
}
const { storage } = app.media.files
const look = async () => {
  const stored = []
  for await (const { key } of storage.list()) stored.push(key)
  const [row] = await db.select().from(users)
  const html = (await app.inject(page)).body
  const [, src] = /<img src="([^"]+)"/.exec(html) ?? []
  const shown = src === undefined ? 0 : (await app.inject(src)).statusCode
  return { stored, leftovers: await storage.sweep(), row: row?.avatar, src, shown }
}
const steps = []
const step = async (what, status) => steps.push({ what, status, ...(await look()) })
await step('before', 0)
await step('upload', await send(page, 'cat.png'))
await step('replace', await send(page, 'dog.gif'))
await step('no such user', await send('/users/7', 'cat.png'))
await step('not a picture', await send(page, 'fake.png'))
await db.run("create trigger refuse before update on users begin select raise(abort, 'refused'); end")
await step('transaction fails', await send(page, 'cat.png'))
await db.run('drop trigger refuse')
const remove = storage.delete
storage.delete = async () => { throw new Error('the storage is down') }
await step('old file stays', await send(page, 'cat.png'))
storage.delete = remove
await step('remove', await send(page))
await step('upload again', await send(page, 'bird.gif'))
await step('delete', (await app.inject({ method: 'DELETE', url: page })).statusCode)
console.log(JSON.stringify(steps))
await app.close()
`

const gif = { leftovers: 0, row: 'avatars/dog.gif', src: '/media/avatars/dog.gif', shown: 200 }
const png = { leftovers: 0, row: 'avatars/cat.png', src: '/media/avatars/cat.png', shown: 200 }
const none = { leftovers: 0, row: null, shown: 0 }
const EXPECTED = [
  { what: 'before', status: 0, stored: [], ...none },
  { what: 'upload', status: 303, stored: ['avatars/cat.png'], ...png },
  { what: 'replace', status: 303, stored: ['avatars/dog.gif'], ...gif },
  { what: 'no such user', status: 404, stored: ['avatars/dog.gif'], ...gif },
  { what: 'not a picture', status: 400, stored: ['avatars/dog.gif'], ...gif },
  { what: 'transaction fails', status: 500, stored: ['avatars/dog.gif'], ...gif },
  { what: 'old file stays', status: 500, stored: ['avatars/cat.png', 'avatars/dog.gif'], ...png },
  // The orphan of the step before is still there.
  { what: 'remove', status: 303, stored: ['avatars/dog.gif'], ...none },
  {
    what: 'upload again',
    status: 303,
    stored: ['avatars/bird.gif', 'avatars/dog.gif'],
    leftovers: 0,
    row: 'avatars/bird.gif',
    src: '/media/avatars/bird.gif',
    shown: 200,
  },
  { what: 'delete', status: 204, stored: ['avatars/dog.gif'], leftovers: 0, shown: 0 },
]

for (const title of ['a folder', 'memory', 'a bucket']) {
  test(`in ${title}: the program of the page keeps files and rows together`, async (context) => {
    const server = title === 'a bucket' ? await lab.server(context) : undefined
    if (title === 'a bucket' && server === undefined) return
    const cwd = makeTree(context, {
      'package.json': '{ "type": "module" }',
      'views/user.ejs': blockOf('html'),
      'cat.png': PNG,
      'dog.gif': GIF,
      'bird.gif': GIF,
      'fake.png': '<script>',
    })
    const sdk = ['client-s3', 'lib-storage', 's3-request-presigner', 's3-presigned-post']
    installPackage(cwd, [
      ...['fastify', '@fastify/multipart', '@fastify/view', '@libsql/client', 'drizzle-orm', 'ejs'],
      ...sdk.map((name) => `@aws-sdk/${name}`),
    ])
    const program = blockOf('js').replace('{ port: 3000 }', "{ host: '127.0.0.1', port: 0 }") + VISIT
    const options = JSON.stringify(server && { ...optionsFor(server), prefix: 'record' })
    const FOLDER = "createFilesystemStorage({ root: 'media' })"
    assert.ok(program.includes(FOLDER))
    const storage = {
      'a folder': FOLDER,
      memory: "(await import('fingerpost/media')).createMemoryStorage()",
      'a bucket': `(await import('fingerpost/s3')).createS3Storage(${options})`,
    }[title]
    const { code, stdout, stderr } = await runNode(
      ['--input-type=module', '--eval', program.replace(FOLDER, storage ?? '')],
      { cwd },
    )
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), EXPECTED)
  })
}
