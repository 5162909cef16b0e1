import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import { createS3Storage } from '../../src/storage/s3/s3.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { BUCKET, clientFor, createS3Lab, optionsFor } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'

const lab = createS3Lab()
const PART = 5 * 1024 * 1024

/** Ends TLS in front of a server; gives its port. */
async function startTls(context: TestContext, target: string): Promise<number> {
  const server = createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
    const inner = connect(Number(new URL(target).port), '127.0.0.1')
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
    socket.pipe(inner).pipe(socket)
  })
  context.after(() => server.close())
  return listening(server)
}

async function listening(server: ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

test('a bucket in the host name behind HTTPS is reached, and its addresses are signed for that host', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const port = await startTls(context, server.endpoint)
  const options = {
    ...optionsFor(server),
    endpoint: `https://s3.localhost:${port}`,
    pathStyle: false,
    prefix: 'tls',
  }
  const script = join(import.meta.dirname, 'fixture/https.mjs')
  const run = async (env: Record<string, string>) =>
    JSON.parse((await runNode([script, JSON.stringify(options)], { cwd: REPOSITORY, env })).stdout)
  const cert = join(makeTree(context, { 'ca.pem': CERTIFICATE }), 'ca.pem')
  const { url, signed, read, fetched } = await run({ NODE_EXTRA_CA_CERTS: cert })
  assert.equal(url, `https://${BUCKET}.s3.localhost:${port}/tls/a%20b/%C3%BC.txt`)
  assert.ok(signed.startsWith(`${url}?`), signed)
  assert.deepEqual([read, fetched], ['over https', 'over https'])
  const distrustful = await run({ NODE_EXTRA_CA_CERTS: '' })
  assert.equal(distrustful.code, 'FP_STORAGE')
  assert.match(distrustful.message, /s3:\/\/fingerpost\/tls\/ refused to save a b\/ü\.txt: .*self-signed/)
})

test('a server that knows no conditions is asked first, in one request and in parts', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const proxy = await startFaultProxy(context, server.endpoint, ({ headers }) =>
    headers['if-none-match'] === undefined ? { kind: 'none' } : { kind: 'status', status: 501 },
  )
  const { prefix } = storage
  const options = { ...optionsFor(server), endpoint: proxy.endpoint, prefix, partBytes: PART }
  const files = createMediaStorage(createS3Storage(options), { maxBytes: PART * 3 })
  assert.equal(await files.save('a.txt', Buffer.from('first')), 'a.txt')
  assert.match(await files.save('a.txt', Buffer.from('second')), /^a_[\w-]{7}\.txt$/)
  assert.equal((await files.read('a.txt')).toString(), 'first')
  const big = Buffer.alloc(PART + 1, 'b')
  assert.equal(await files.save('big.bin', big), 'big.bin')
  const second = await files.save('big.bin', big)
  assert.match(second, /^big_[\w-]{7}\.bin$/)
  assert.ok((await files.read(second)).equals(big))
})

test('browsers get addresses of the public endpoint, signed for its host', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const outside = await startFaultProxy(context, server.endpoint, () => ({ kind: 'none' }))
  const { prefix } = storage
  const options = { ...optionsFor(server), publicEndpoint: outside.endpoint, prefix }
  const reachable = createS3Storage(options)
  await reachable.save('a b.txt', Buffer.from('public'))
  assert.equal(outside.requests.length, 0, 'the app itself goes the short way')
  const signed = await reachable.signedUrl('a b.txt')
  assert.equal(new URL(signed).origin, outside.endpoint)
  assert.equal(await (await fetch(signed)).text(), 'public')
  const inside = signed.replace(outside.endpoint, server.endpoint)
  assert.equal((await fetch(inside)).status, 403, 'the signature is for the public host')
  const put = await reachable.signedUrl('b.txt', { method: 'PUT' })
  const headers = { 'content-type': 'application/octet-stream' }
  assert.ok((await fetch(put, { method: 'PUT', body: 'put', headers })).ok)
  assert.equal((await reachable.read('b.txt')).toString(), 'put')
  const { url } = await reachable.presignedPost('c.txt', { maxBytes: 10, contentType: 'text/plain' })
  assert.equal(new URL(url).origin, outside.endpoint)
})

test('a CDN in front of the bucket serves what url() names', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const client = clientFor(server)
  const bucket = 'fingerpost-cdn'
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const Resource = [`arn:aws:s3:::${bucket}/public/*`]
  const statement = { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
  const cdn = await startCdn(context, `${server.endpoint}/${bucket}/public/`)
  const options = { ...optionsFor(server), bucket, prefix: 'public', publicUrl: `${cdn}/m/` }
  const storage = createS3Storage(options)
  const name = await createMediaStorage(storage).save('a b/ü+.txt', Buffer.from('far and wide'))
  const url = createMediaStorage(storage).url(name)
  assert.equal(url, `${cdn}/m/a%20b/%C3%BC%2B.txt`)
  const answer = await fetch(url)
  assert.equal(await answer.text(), 'far and wide')
  assert.equal(answer.headers.get('content-disposition')?.startsWith('attachment'), true)
  assert.equal(new URL(await storage.signedUrl(name)).origin, server.endpoint, 'a CDN checks no signatures')
})

/** Hands `/m/KEY` on to the bucket. */
async function startCdn(context: TestContext, origin: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(origin + (request.url ?? '').replace(/^\/m\//, ''))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

test('what a real server refuses is told with its reason and a remedy', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const options = { ...optionsFor(server), maxAttempts: 1 }
  const stranger = createS3Storage({
    ...options,
    credentials: { accessKeyId: 'testkey', secretAccessKey: 'x' },
  })
  const nowhere = createS3Storage({ ...options, bucket: 'none-such' })
  const list = (storage: typeof nowhere) => async () => {
    for await (const { key } of storage.list()) assert.fail(key)
  }
  const cases: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => stranger.stat('a'), /refused to stat a: [\s\S]*\n.*Check the credentials/],
    [() => stranger.save('a', Buffer.from('a')), /save a: SignatureDoesNotMatch\.\n.*Check the credentials/],
    [list(stranger), /SignatureDoesNotMatch\.\n.*Check the credentials/],
    [() => nowhere.save('a', Buffer.from('a')), /save a: NoSuchBucket\.\n.*Create the bucket/],
    [() => nowhere.read('a'), /read a: NoSuchBucket\.\n.*Create the bucket/],
    [list(nowhere), /NoSuchBucket\.\n.*Create the bucket/],
  ]
  for (const [ask, message] of cases) {
    await assert.rejects(ask(), { code: 'FP_STORAGE', message })
    await assert.rejects(ask(), (error: Error) => !/UnknownError/.test(error.message))
  }
})

/** Tells the server that a bucket is kept in another region than its own. */
function moveAbroad(bucket: string, config: string): void {
  const admin = (words: readonly string[], input = '') =>
    execFileSync('radosgw-admin', ['-c', config, '-n', 'client.rgw', ...words], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  const { id } = JSON.parse(admin(['bucket', 'stats', `--bucket=${bucket}`]))
  const key = `bucket.instance:${bucket}:${id}`
  const entry = JSON.parse(admin(['metadata', 'get', key]))
  entry.data.bucket_info.zonegroup = '11111111-2222-3333-4444-555555555555'
  admin(['metadata', 'put', key], JSON.stringify(entry))
}

test('a bucket in another region is told as such by a real server, too', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const bucket = 'abroad'
  await clientFor(server).send(new CreateBucketCommand({ Bucket: bucket }))
  moveAbroad(bucket, server.config)
  const storage = createS3Storage({ ...optionsFor(server), bucket, maxAttempts: 1 })
  const list = async () => {
    for await (const { key } of storage.list()) assert.fail(key)
  }
  for (const [ask, what] of [
    [() => storage.stat('a'), 'stat a'],
    [() => storage.save('a', Buffer.from('a')), 'save a'],
    [() => storage.read('a'), 'read a'],
    [list, 'list'],
  ] as const) {
    const reason = `^s3://abroad/ refused to ${what}: the server answered with status 301 and no text\\.\\n.*in another region`
    await assert.rejects(ask(), { code: 'FP_STORAGE', message: new RegExp(reason) })
  }
})
