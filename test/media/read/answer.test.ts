import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { media } from '../../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { listen } from '../../support/exchange.ts'
import { PNG } from '../../support/image.ts'
import { Link, makeTree } from '../../support/tree.ts'

/** A folder of uploads and an app that serves it. */
async function startFolder(context: TestContext, files: Record<string, string | Buffer | Link>) {
  const root = makeTree(context, files)
  const app = Fastify({ forceCloseConnections: true })
  await app.register(media, { storage: createFilesystemStorage({ root }), production: false })
  return { root, ...(await listen(context, app)) }
}

test("a folder's files are sent whole and in parts", async (context) => {
  const { get } = await startFolder(context, { 'a b%.txt': '0123456789' })
  const path = '/media/a%20b%25.txt'
  const whole = await get(path)
  assert.equal(whole.body.toString(), '0123456789')
  assert.equal(whole.headers['content-length'], '10')
  assert.match(String(whole.headers.etag), /^"[\w-]+"$/, 'a strong tag, so that a download can go on')
  const cases: readonly (readonly [range: string, status: number, body: string, contentRange?: string])[] = [
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=3-5', 206, '345', 'bytes 3-5/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=7-99', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=5-2', 200, '0123456789'],
    ['bytes=10-', 416, 'Range not satisfiable\n', 'bytes */10'],
  ]
  for (const [range, status, body, contentRange] of cases) {
    const answer = await get(path, { range })
    assert.equal(answer.status, status, range)
    assert.equal(answer.body.toString(), body, range)
    assert.equal(answer.headers['content-range'], contentRange, range)
    assert.equal(answer.headers['accept-ranges'], status === 416 ? undefined : 'bytes')
    assert.equal(answer.headers['content-length'], String(body.length))
  }
  const parts = await get(path, { range: 'bytes=0-1,5-6' })
  assert.equal(parts.status, 206)
  assert.match(String(parts.headers['content-type']), /^multipart\/byteranges; boundary=/)
  assert.match(parts.body.toString(), /bytes 0-1\/10\r\n\r\n01\r\n--[\s\S]*bytes 5-6\/10\r\n\r\n56\r\n--/)
})

test('a download goes on only if the file is still the same', async (context) => {
  const { get } = await startFolder(context, { 'a.txt': '0123456789' })
  const { etag, 'last-modified': date } = (await get('/media/a.txt')).headers
  const part = (headers: Record<string, string | undefined>) =>
    get('/media/a.txt', { range: 'bytes=5-', ...headers })
  assert.equal((await part({ 'if-range': etag })).status, 206)
  assert.equal((await part({ 'if-range': '"other"' })).status, 200)
  assert.equal((await part({ 'if-match': etag })).status, 206)
  assert.equal((await part({ 'if-match': '"other"' })).status, 412)
  // If-Match decides; the date beside it doesn't count (RFC 9110 §13.2.2).
  const old = 'Thu, 01 Jan 1970 00:00:00 GMT'
  assert.equal((await part({ 'if-match': etag, 'if-unmodified-since': old })).status, 206)
  assert.equal((await part({ 'if-unmodified-since': date })).status, 206)
  assert.equal((await part({ 'if-none-match': '"other"', 'if-modified-since': date })).status, 206)
})

test('a link that leads out of the folder is followed by nobody', async (context) => {
  const outside = makeTree(context, { 'secret.txt': 'secret' })
  const { get } = await startFolder(context, {
    'inside.txt': new Link('real.txt'),
    'real.txt': 'real',
    'leak.txt': new Link(join(outside, 'secret.txt')),
    folder: new Link(outside),
  })
  for (const path of ['/media/leak.txt', '/media/folder/secret.txt']) {
    const answer = await get(path)
    assert.deepEqual([answer.status, answer.body.toString()], [404, 'There is no such file.\n'])
  }
  assert.equal((await get('/media/inside.txt')).body.toString(), 'real')
})

test("the app's own sendFile is left to the app", async (context) => {
  const root = makeTree(context, { 'a.png': PNG, 'a.png.br': 'what a visitor would like to be the picture' })
  const app = Fastify({ forceCloseConnections: true })
  await app.register(fastifyStatic, {
    root,
    serve: false,
    preCompressed: true,
    setHeaders: () => assert.fail(),
  })
  await app.register(media, { storage: createFilesystemStorage({ root }), production: false })
  const { get } = await listen(context, app)
  const answer = await get('/media/a.png', { 'accept-encoding': 'br' })
  assert.deepEqual(answer.body, PNG)
  assert.equal(answer.headers['content-encoding'], undefined)
})

test('an app may register @fastify/static after the media', async (context) => {
  const root = makeTree(context, { 'a.txt': 'a' })
  const app = Fastify({ forceCloseConnections: true })
  await app.register(media, { storage: createFilesystemStorage({ root }), production: false })
  await app.register(fastifyStatic, { root: makeTree(context, { 'b.txt': 'b' }), prefix: '/files/' })
  const { get } = await listen(context, app)
  assert.equal((await get('/media/a.txt')).body.toString(), 'a')
  assert.equal((await get('/files/b.txt')).body.toString(), 'b')
})
