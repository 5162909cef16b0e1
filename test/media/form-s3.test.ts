import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { MediaOptions } from '../../src/media/options.ts'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { formOf, startMediaApp } from '../support/media-app.ts'
import { BUCKET, clientFor, createS3Lab } from '../support/s3.ts'

const lab = createS3Lab()
const PART = 5 * 1024 * 1024
const BIG = Buffer.alloc(PART * 2 + 1000, 'x')

/** An app with one form whose file goes up to a bucket in parts, and a look at all that is in the bucket. */
async function startForm(
  context: TestContext,
  limits: MediaOptions['limits'],
  overrides: Partial<S3Options> = {},
) {
  const [server, storage] = [
    await lab.server(context),
    await lab.storage(context, { partBytes: PART, ...overrides }),
  ]
  if (server === undefined || storage === undefined) return undefined
  const { origin, port } = await startMediaApp(context, { storage, limits: limits ?? {} }, (app) => {
    app.post('/form', (request) =>
      request.saveUploads({ files: { film: { uploadTo: 'films', maxFiles: 2 } } }),
    )
  })
  const where = { Bucket: BUCKET, Prefix: storage.prefix }
  const client = clientFor(server)
  const look = async () => {
    const uploads = await client.send(new ListMultipartUploadsCommand(where))
    const objects = await client.send(new ListObjectsV2Command(where))
    const keys = (objects.Contents ?? []).map(({ Key = '' }) => Key.slice(storage.prefix.length))
    return { uploads: uploads.Uploads?.length ?? 0, keys }
  }
  const post = (body: FormData) => fetch(`${origin}/form`, { method: 'POST', body })
  return { storage, port, post, look }
}

const NOTHING = { uploads: 0, keys: [] }

test('a form is streamed into a bucket in parts', async (context) => {
  const form = await startForm(context, { maxFileBytes: BIG.length })
  if (form === undefined) return
  const answer = await form.post(formOf({ film1: ['a.mp4', BIG], film2: ['b.mp4', 'small'] }))
  assert.equal(answer.status, 200)
  assert.deepEqual(await form.look(), { uploads: 0, keys: ['films/a.mp4', 'films/b.mp4'] })
  assert.ok((await form.storage.read('films/a.mp4')).equals(BIG))
})

test('over the limit in the third part: 413, and nothing is left in the bucket', async (context) => {
  const form = await startForm(context, { maxFileBytes: BIG.length - 1 })
  if (form === undefined) return
  const answer = await form.post(formOf({ film1: ['a.mp4', 'fine'], film2: ['b.mp4', BIG] }))
  assert.equal(answer.status, 413)
  assert.deepEqual(await form.look(), NOTHING)
})

test('a client that hangs up between two parts leaves nothing in the bucket', async (context) => {
  const form = await startForm(context, { maxFileBytes: BIG.length * 2 })
  if (form === undefined) return
  const socket = connect(form.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const head = '--b\r\nContent-Disposition: form-data; name="film"; filename="a.mp4"\r\n\r\n'
  socket.write(
    `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${BIG.length * 2}\r\n\r\n${head}`,
  )
  socket.write(BIG)
  await until(async () => (await form.look()).uploads === 1)
  socket.destroy()
  await until(async () => (await form.look()).uploads === 0)
  await until(async () => (await form.look()).keys.length === 0)
})

test('a bucket that fails in the middle is told as a fault of the server, and nothing is left', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const proxy = await startFaultProxy(context, server.endpoint, ({ url }) =>
    url.includes('partNumber=2') ? { kind: 'status', status: 500 } : { kind: 'none' },
  )
  const form = await startForm(
    context,
    { maxFileBytes: BIG.length },
    { endpoint: proxy.endpoint, maxAttempts: 2 },
  )
  if (form === undefined) return
  const answer = await form.post(formOf({ film: ['a.mp4', BIG] }))
  assert.equal(answer.status, 500)
  assert.equal(proxy.requests.filter((line) => line.includes('partNumber=2')).length, 2)
  assert.deepEqual(await form.look(), NOTHING)
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await holds()) return
    await sleep(20)
  }
  assert.fail('after six seconds it is not so')
}
