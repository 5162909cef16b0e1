import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import fingerpost from '../../src/index.ts'
import { listen } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { Link, makeTree } from '../support/tree.ts'

const LARGE = randomBytes(300_000)
const MODIFIED = new Date('2024-05-06T07:08:09.123Z')

/** What a handler does, and the requests that are made of it. */
const ANSWERS: Readonly<Record<string, (reply: FastifyReply, folder: string) => FastifyReply>> = {
  large: (reply) => reply.sendFile('large.bin'),
  empty: (reply) => reply.sendFile('empty.txt'),
  text: (reply) => reply.sendFile('text.txt', { maxAge: 5000, immutable: true }),
  second: (reply) => reply.sendFile('second.txt'),
  other: (reply, folder) => reply.sendFile('a.txt', join(folder, 'sub'), { etag: false }),
  status: (reply) => reply.code(404).sendFile('text.txt'),
  part: (reply) => reply.sendFile('large.bin', { start: 100, end: 299 } as object),
  chunk: (reply) => reply.sendFile('large.bin', { maxContentRangeChunkSize: 10 } as object),
  extension: (reply) => reply.sendFile('text', { extensions: ['txt'] } as object),
  type: (reply) => reply.type('text/x-own').sendFile('text.txt', { contentType: false }),
  download: (reply) => reply.download('text.txt'),
  named: (reply) => reply.download('text.txt', 'yours ü.txt', { cacheControl: false }),
  refused: (reply) => reply.sendFile('../secret.txt'),
  missing: (reply) => reply.sendFile('missing.txt'),
  folder: (reply) => reply.sendFile('sub'),
}
const REQUESTS: readonly Readonly<Record<string, string>>[] = [
  {},
  { range: 'bytes=0-0' },
  { range: 'bytes=50-150000' },
  { range: 'bytes=-7' },
  { range: 'bytes=900000-' },
  { range: 'bytes=0-1,5-6' },
  { range: 'bytes=1-2', 'if-range': '"other"' },
  { 'if-modified-since': 'Mon, 06 May 2024 07:08:09 GMT' },
  { 'if-match': '"other"' },
]

function makeFolders(context: TestContext): readonly [string, string] {
  const first = makeTree(context, { 'text.txt': 'text', 'empty.txt': '', sub: { 'a.txt': 'a' } })
  const second = makeTree(context, { 'large.bin': LARGE, 'second.txt': 'second' })
  for (const path of [join(first, 'text.txt'), join(first, 'empty.txt'), join(second, 'large.bin')])
    utimesSync(path, MODIFIED, MODIFIED)
  return [first, second]
}

async function startBoth(context: TestContext) {
  const folders = makeFolders(context)
  const addTo = async (app: FastifyInstance) => {
    for (const [name, answer] of Object.entries(ANSWERS))
      app.get(`/${name}`, (_request, reply) => answer(reply, folders[0]))
    return listen(context, app)
  }
  const [theirs, ours] = [Fastify(), Fastify()]
  await theirs.register(fastifyStatic, { root: [...folders], serve: false })
  await ours.register(fingerpost, { root: await makeBuild(context, { 'a.txt': 'a' }), watch: false, folders })
  return { theirs: await addTo(theirs), ours: await addTo(ours) }
}

test('files of folders are sent as @fastify/static sends them', async (context) => {
  const { theirs, ours } = await startBoth(context)
  const statuses = new Set<number>()
  for (const name of Object.keys(ANSWERS)) {
    for (const headers of REQUESTS) {
      for (const method of ['GET', 'HEAD']) {
        const [expected, actual] = await Promise.all(
          [theirs, ours].map(async ({ get }) => {
            const { status, headers: received, body } = await get(`/${name}`, headers, method)
            const { date: _date, ...rest } = received
            return { status, headers: rest, body: body.toString('base64') }
          }),
        )
        assert.deepEqual(actual, expected, `${method} ${name} ${JSON.stringify(headers)}`)
        statuses.add(actual?.status ?? 0)
      }
    }
  }
  for (const status of [200, 206, 304, 404, 412, 416]) assert.ok(statuses.has(status), String(status))
})

const FAULTS: Readonly<Record<string, readonly [status: number, happen: (path: string) => void]>> = {
  removed: [404, (path) => rmSync(path)],
  'replaced by a folder': [
    500,
    (path) => {
      rmSync(path)
      mkdirSync(path)
    },
  ],
}
for (const [what, [status, happen]] of Object.entries(FAULTS)) {
  test(`a file of a folder that is ${what} while it is opened gives ${status} without its path`, async (context) => {
    const folder = makeTree(context, { 'a.txt': 'text' })
    const root = await makeBuild(context, { 'a.txt': 'a' })
    const lines: string[] = []
    const app = Fastify({ logger: { level: 'error', stream: { write: (line) => void lines.push(line) } } })
    await app.register(fingerpost, { root, watch: false, folders: [folder] })
    app.get('/a', (_request, reply) => reply.sendFile('a.txt', { onFile: happen } as object))
    const { get } = await listen(context, app)
    const answer = await get('/a')
    assert.equal(answer.status, status)
    assert.ok(!answer.body.includes(folder), answer.body.toString())
    assert.match(lines[0] ?? '', /a\.txt is not the file .* replaced or removed it just now/)
    assert.doesNotMatch(lines.join(), /fingerpost check/, 'it is no file of a build')
    assert.deepEqual([answer.headers['etag'], answer.headers['last-modified']], [undefined, undefined])
  })
}

test('a file of a folder that cannot be looked at gives 500 without its path', async (context) => {
  const folder = makeTree(context, { 'loop\u009b.txt': new Link('loop\u009b.txt') })
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line) => void lines.push(line) } } })
  await app.register(fingerpost, { root, watch: false, folders: [folder] })
  app.get('/a', (_request, reply) => reply.download('loop\u009b.txt', 'a.txt'))
  const { get } = await listen(context, app)
  for (const method of ['GET', 'HEAD']) {
    const { status, body, headers } = await get('/a', {}, method)
    assert.equal(status, 500)
    assert.ok(!body.includes(folder) && !body.includes('loop'), body.toString())
    assert.equal(headers['content-disposition'], undefined)
  }
  assert.match(lines[0] ?? '', /ELOOP.*loop\\\\x9b\.txt/)
  assert.doesNotMatch(lines.join(''), /\u009b/)
})

test('an error of the app while a file is chosen reaches its own error handler', async (context) => {
  const folder = makeTree(context, { 'a.txt': 'text' })
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const app = Fastify()
  app.setErrorHandler<Error>((error, _request, reply) => reply.code(503).send(error.message))
  await app.register(fingerpost, { root, watch: false, folders: [folder] })
  const onFile = () => Promise.reject(new Error('the app is busy'))
  app.get('/a', (_request, reply) => reply.sendFile('a.txt', { onFile } as object))
  const { get } = await listen(context, app)
  const { status, body } = await get('/a')
  assert.deepEqual([status, body.toString()], [503, 'the app is busy'])
})
