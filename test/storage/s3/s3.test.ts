import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { mapConcurrently } from '../../../src/core/concurrent.ts'
import { createS3Storage } from '../../../src/storage/s3/s3.ts'
import { type Fault, type PlannedRequest, startFaultProxy } from '../../support/fault-proxy.ts'
import { rounds } from '../../support/long.ts'
import { BUCKET, clientFor, createS3Lab, optionsFor } from '../../support/s3.ts'
import { testStorageContract } from '../contract.ts'

const lab = createS3Lab()
const PART = 5 * 1024 * 1024
const BIG = Buffer.alloc(PART + 1000, 'fingerpost')
const NONE: Fault = { kind: 'none' }

testStorageContract('a bucket', (context) => lab.storage(context))

async function countUploads(endpoint: NonNullable<Awaited<ReturnType<typeof lab.server>>>, prefix: string) {
  const page = await clientFor(endpoint).send(
    new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }),
  )
  return page.Uploads?.length ?? 0
}

async function* inPieces(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function keysOf(files: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of files) keys.push(key)
  return keys
}

test('content of unknown length goes up in parts and comes back whole', async (context) => {
  const storage = await lab.storage(context, { partBytes: PART })
  if (storage === undefined) return
  const { size } = await storage.save('big.bin', inPieces(BIG, 70_001))
  assert.equal(size, BIG.length)
  assert.ok((await storage.read('big.bin')).equals(BIG))
})

test('of many multipart uploads of one new key exactly one succeeds', async (context) => {
  const storage = await lab.storage(context, { partBytes: PART })
  if (storage === undefined) return
  const saves = Array.from({ length: 6 }, () => storage.save('one.bin', inPieces(BIG, PART)))
  const results = await Promise.allSettled(saves)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const result of results)
    if (result.status === 'rejected') assert.equal(result.reason.code, 'FP_EXISTS')
})

test('many multipart uploads of one name give as many files', async (context) => {
  const storage = await lab.storage(context, { partBytes: PART })
  if (storage === undefined) return
  const save = (_: unknown, index: number) =>
    storage.save('one.bin', inPieces(BIG, PART), { alternative: () => `one-${index}.bin` })
  const stored = await Promise.all(Array.from({ length: rounds(8, 20) }, save))
  assert.equal(new Set(stored.map(({ key }) => key)).size, stored.length)
  for (const { size } of stored) assert.equal(size, BIG.length)
})

test('a multipart upload that breaks off is aborted and leaves nothing', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context, { partBytes: PART })]
  if (server === undefined || storage === undefined) return
  const broken = (async function* () {
    yield* inPieces(BIG, PART)
    yield* inPieces(BIG, PART)
    throw new Error('the line went dead')
  })()
  await assert.rejects(storage.save('half.bin', broken), /the line went dead/)
  assert.equal(await storage.stat('half.bin'), undefined)
  assert.equal(await countUploads(server, storage.prefix), 0)
})

test('an upload under way is in no listing, and what holds its name is kept by no cache', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context, { partBytes: PART })]
  if (server === undefined || storage === undefined) return
  await storage.save('a-empty', new Uint8Array())
  const client = clientFor(server)
  const watched = (async function* () {
    yield* inPieces(BIG, PART)
    yield* inPieces(BIG, PART)
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: `${storage.prefix}big.bin` }))
    assert.deepEqual([head.ContentLength, head.CacheControl], [0, 'no-store'])
    assert.deepEqual(await keysOf(storage.list()), ['a-empty'])
    assert.equal(await storage.stat('big.bin'), undefined)
  })()
  await storage.save('big.bin', watched)
  assert.deepEqual(await keysOf(storage.list()), ['a-empty', 'big.bin'])
})

test('what a killed process left is swept once it is old enough', async (context) => {
  const server = await lab.server(context)
  const storage = await lab.storage(context, { partBytes: PART, maxAttempts: 1 })
  if (server === undefined || storage === undefined) return
  // Every request that would tidy up fails as well, as it does when the process is gone.
  const isTidying = ({ method, url }: PlannedRequest) =>
    method === 'DELETE' || (method === 'POST' && !url.includes('?uploads'))
  const proxy = await startFaultProxy(context, server.endpoint, (request) =>
    isTidying(request) ? { kind: 'cut-before' } : NONE,
  )
  const killed = createS3Storage({
    ...optionsFor(server),
    prefix: storage.prefix,
    endpoint: proxy.endpoint,
    partBytes: PART,
    maxAttempts: 1,
  })
  await assert.rejects(killed.save('lost.bin', inPieces(BIG, PART)), { code: 'FP_STORAGE' })
  assert.equal(await countUploads(server, storage.prefix), 1)
  assert.equal(await storage.stat('lost.bin'), undefined, 'a claim is no file')
  await assert.rejects(storage.read('lost.bin'), { code: 'FP_NOT_FOUND' })
  assert.equal(await storage.sweep(new Date(Date.now() - 3_600_000)), 0)
  assert.equal(await storage.sweep(), 2)
  assert.equal(await countUploads(server, storage.prefix), 0)
  assert.deepEqual(await keysOf(storage.list()), [])
})

test('more files than one page of the server has are all listed', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const client = clientFor(server)
  let pages = 0
  client.middlewareStack.add(
    (next, { commandName }) =>
      (given) => {
        if (commandName !== 'ListObjectsV2Command') return next(given)
        pages++
        return next({ ...given, input: { ...given.input, MaxKeys: 100 } })
      },
    { step: 'initialize' },
  )
  const storage = createS3Storage({ bucket: BUCKET, prefix: randomUUID(), client })
  const keys = Array.from({ length: 205 }, (_, index) => `many/${String(index).padStart(3, '0')}`)
  await mapConcurrently(keys, 32, (key) => storage.save(key, Buffer.from('x')))
  assert.deepEqual(await keysOf(storage.list('many/')), keys)
  assert.equal(pages, 3)
  assert.deepEqual(await keysOf(storage.list('many/', 'many/202')), ['many/203', 'many/204'])
})

test('type, caching, disposition and metadata are kept with the object', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const headers = {
    contentType: 'image/png',
    cacheControl: 'no-cache',
    contentDisposition: 'inline',
    contentEncoding: 'gzip',
    metadata: { integrity: 'sha384-abc' },
  }
  await storage.save('a.png', Buffer.from('x'), { headers })
  const head = await clientFor(server).send(
    new HeadObjectCommand({ Bucket: BUCKET, Key: `${storage.prefix}a.png` }),
  )
  assert.equal(head.ContentType, 'image/png')
  assert.equal(head.CacheControl, 'no-cache')
  assert.equal(head.ContentDisposition, 'inline')
  assert.equal(head.ContentEncoding, 'gzip')
  assert.equal(head.Metadata?.['integrity'], 'sha384-abc')
})

test('a server that ignores conditions is asked first', async (context) => {
  const storage = await lab.storage(context, { exclusive: 'head' })
  if (storage === undefined) return
  await storage.save('a.txt', Buffer.from('first'))
  await assert.rejects(storage.save('a.txt', Buffer.from('second')), { code: 'FP_EXISTS' })
})

const FAULTS: readonly (readonly [why: string, fault: Fault])[] = [
  ['the connection is cut before the request', { kind: 'cut-before' }],
  ['the answer is lost', { kind: 'cut-after' }],
  ['the server answers 500', { kind: 'status', status: 500 }],
  ['the server answers 503', { kind: 'status', status: 503 }],
]

for (const [why, fault] of FAULTS) {
  test(`a save succeeds although ${why} once`, async (context) => {
    const server = await lab.server(context)
    if (server === undefined) return
    let isLeft = true
    const proxy = await startFaultProxy(context, server.endpoint, ({ method }) => {
      if (method !== 'PUT' || !isLeft) return NONE
      isLeft = false
      return fault
    })
    const storage = createS3Storage({
      ...optionsFor(server),
      endpoint: proxy.endpoint,
      prefix: `once/${fault.kind}`,
    })
    const key = `${why}.txt`
    // A retry whose first attempt had arrived must not find its own file in the way.
    assert.equal((await storage.save(key, Buffer.from('whole'))).key, key)
    assert.equal((await storage.read(key)).toString(), 'whole')
    await assert.rejects(storage.save(key, Buffer.from('other')), { code: 'FP_EXISTS' })
  })
}

test('a multipart upload succeeds although the answer to its completion is lost', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const proxy = await startFaultProxy(context, server.endpoint, ({ method, url }) =>
    method === 'POST' && url.includes('uploadId') ? { kind: 'cut-after' } : NONE,
  )
  const options = { ...optionsFor(server), endpoint: proxy.endpoint, prefix: 'completion', partBytes: PART }
  const storage = createS3Storage({ ...options, maxAttempts: 1 })
  assert.equal((await storage.save('big.bin', inPieces(BIG, PART))).size, BIG.length)
})

test('attempts are bounded, and the error says what was refused', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const proxy = await startFaultProxy(context, server.endpoint, () => ({ kind: 'status', status: 503 }))
  const storage = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, maxAttempts: 3 })
  await assert.rejects(storage.save('a.txt', Buffer.from('x')), {
    code: 'FP_STORAGE',
    message: /s3:\/\/fingerpost\/ refused to save a\.txt/,
  })
  assert.equal(proxy.requests.length, 3)
})

test('a server that does not answer is given up', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const proxy = await startFaultProxy(context, server.endpoint, () => ({ kind: 'delay', ms: 2000 }))
  const storage = createS3Storage({
    ...optionsFor(server),
    endpoint: proxy.endpoint,
    maxAttempts: 1,
    timeoutMs: 100,
  })
  await assert.rejects(storage.stat('a.txt'), { code: 'FP_STORAGE' })
})

test('a download that is cut goes on where it was cut', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
  await storage.save('movie.bin', bytes)
  const proxy = await startFaultProxy(context, server.endpoint, ({ index }) =>
    index < 2 ? { kind: 'cut-body', bytes: 100_000 } : NONE,
  )
  const shaky = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, prefix: storage.prefix })
  assert.ok((await shaky.read('movie.bin')).equals(bytes))
  assert.ok(proxy.requests.length >= 2 && proxy.requests.length <= 4)
})

test('a download that goes on never mixes two versions of a file', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  await storage.save('movie.bin', Buffer.alloc(300_000, 'a'))
  const proxy = await startFaultProxy(context, server.endpoint, ({ index }) =>
    index === 0 ? { kind: 'cut-body', bytes: 100_000 } : NONE,
  )
  const shaky = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, prefix: storage.prefix })
  const reading = shaky.open('movie.bin')[Symbol.asyncIterator]()
  await reading.next()
  await storage.save('movie.bin', Buffer.alloc(300_000, 'b'), { overwrite: true })
  const finish = async () => {
    while ((await reading.next()).done !== true);
  }
  await assert.rejects(finish(), { code: 'FP_STORAGE' })
})

test('a bucket that is not there is named', async (context) => {
  const storage = await lab.storage(context, { bucket: 'no-such-bucket' })
  if (storage === undefined) return
  await assert.rejects(storage.save('a', Buffer.from('x')), {
    code: 'FP_STORAGE',
    message: /Create the bucket/,
  })
})

test('wrong credentials are named', async (context) => {
  const credentials = { accessKeyId: 'testkey', secretAccessKey: 'wrong' }
  const storage = await lab.storage(context, { credentials })
  if (storage === undefined) return
  await assert.rejects(storage.save('a', Buffer.from('x')), { code: 'FP_STORAGE', message: /credentials/ })
})

test('a client of the application is used as it is', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const storage = createS3Storage({ bucket: BUCKET, prefix: 'injected', client: clientFor(server) })
  await storage.save('a.txt', Buffer.from('mine'))
  assert.equal((await storage.read('a.txt')).toString(), 'mine')
})

test('several parts of one file are on their way at the same time', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  let parts = 0
  let release = () => {}
  const two = new Promise<void>((resolve) => {
    release = resolve
  })
  // The first part is answered when the second has arrived: one after the other, they would wait for ever.
  const proxy = await startFaultProxy(context, server.endpoint, ({ url }) => {
    if (url.includes('partNumber=') && ++parts === 2) release()
    return url.includes('partNumber=') ? { kind: 'hold', until: two } : NONE
  })
  const options = { ...optionsFor(server), endpoint: proxy.endpoint, prefix: 'parallel', partBytes: PART }
  const storage = createS3Storage({ ...options, maxAttempts: 1, timeoutMs: 10_000 })
  await storage.save('big.bin', inPieces(BIG, 70_001), { overwrite: true })
  assert.ok((await storage.read('big.bin')).equals(BIG))
})

test('a server or proxy that ignores Range never makes a file of wrong bytes', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
  await storage.save('movie.bin', bytes)
  let isCut = true
  const proxy = await startFaultProxy(context, server.endpoint, ({ headers }) => {
    if (headers.range !== undefined) return { kind: 'status', status: 200, body: bytes }
    const fault: Fault = isCut ? { kind: 'cut-body', bytes: 100_000 } : NONE
    isCut = false
    return fault
  })
  const { prefix } = storage
  const reading = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, prefix })
  const refusal = { code: 'FP_STORAGE', message: /another part of movie\.bin.*\n.*header Range/ }
  for (const range of [
    { start: 0, end: 9 },
    { start: 100, end: 109 },
  ])
    await assert.rejects(collect(reading.open('movie.bin', range)), refusal)
  await assert.rejects(reading.read('movie.bin'), refusal, 'resumed where it was cut')
  assert.ok((await reading.read('movie.bin')).equals(bytes))
})

test('a server that sends more than the range has is cut off', async (context) => {
  const [server, storage] = [await lab.server(context), await lab.storage(context)]
  if (server === undefined || storage === undefined) return
  await storage.save('a.txt', Buffer.from('0123456789'))
  const bytes = Buffer.alloc(200_000, 'x')
  const proxy = await startFaultProxy(context, server.endpoint, () => ({ kind: 'append', bytes }))
  const { prefix } = storage
  const reading = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, prefix })
  assert.equal((await collect(reading.open('a.txt', { start: 2, end: 4 }))).toString(), '234')
})

test('a bucket in another region is named with its region', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  for (const status of [301, 400]) {
    const headers = { 'x-amz-bucket-region': 'eu-west-1' }
    const proxy = await startFaultProxy(context, server.endpoint, () => ({ kind: 'status', status, headers }))
    const storage = createS3Storage({ ...optionsFor(server), endpoint: proxy.endpoint, maxAttempts: 1 })
    for (const ask of [() => storage.stat('a'), () => storage.save('a', Buffer.from('a'))])
      await assert.rejects(ask(), {
        code: 'FP_STORAGE',
        message: /\n.*in the region eu-west-1: set the option region/,
      })
    await assert.rejects(storage.stat('a'), {
      message: new RegExp(`stat a: the server answered with status ${status}`),
    })
  }
})

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
