import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDigester } from '../../src/core/digest.ts'
import { LIMITS } from '../../src/core/limit.ts'
import { createBodyCache } from '../../src/http/body-cache.ts'
import { createFileSource } from '../../src/http/body-source.ts'
import type { BodyFile } from '../../src/http/response.ts'
import type { OpenFile } from '../../src/storage/storage.ts'

const digester = await createDigester()

/** Files in memory that count what is done to them. There is no `stat` to call. */
function createCountingFiles(contents: ReadonlyMap<string, Buffer>) {
  const counts = { opens: 0, reads: 0, closes: 0 }
  const open = async ({ path }: BodyFile): Promise<OpenFile> => {
    counts.opens++
    const bytes = contents.get(path) ?? Buffer.alloc(0)
    return {
      async read(buffer, offset, length, position) {
        counts.reads++
        return { bytesRead: bytes.copy(buffer, offset, position, position + length) }
      },
      async close() {
        counts.closes++
      },
    }
  }
  return { counts, source: createFileSource(open, digester) }
}

const fileOf = (path: string, bytes: Buffer): BodyFile => ({
  path,
  key: `${path} ${digester.of(bytes)}`,
  encoding: 'identity',
  size: bytes.length,
  etag: digester.of(bytes),
})

test('a body takes one open and one read, and nothing at all once it is in memory', async () => {
  const bytes = Buffer.from('body')
  const { counts, source } = createCountingFiles(new Map([['a', bytes]]))
  const cache = createBodyCache({ maxBytes: 1000, maxBodyBytes: 1000 }, source)
  const file = fileOf('a', bytes)
  assert.equal(cache.peek(file), undefined)
  assert.equal(await cache.load(file), 'body')
  assert.deepEqual(counts, { opens: 1, reads: 1, closes: 1 })
  for (let n = 0; n < 100; n++) assert.equal(cache.peek(file), 'body')
  assert.deepEqual(counts, { opens: 1, reads: 1, closes: 1 })
  assert.deepEqual(cache.stats(), { hits: 100, misses: 1, bytes: 4, bodies: 1 })
})

test('a hundred requests for a body that is being read wait for one read', async () => {
  const bytes = Buffer.from('body')
  const { counts, source } = createCountingFiles(new Map([['a', bytes]]))
  const cache = createBodyCache({ maxBytes: 1000, maxBodyBytes: 1000 }, source)
  await Promise.all(Array.from({ length: 100 }, () => cache.load(fileOf('a', bytes))))
  assert.equal(counts.opens, 1)
})

test('2,000 bodies of 100 KB never take more than the budget', async () => {
  const maxBytes = 64 * 1024 * 1024
  const bytes = Buffer.alloc(100_000, 'x')
  const contents = new Map(Array.from({ length: 2000 }, (_, n) => [`f${n}`, bytes] as const))
  const { source } = createCountingFiles(contents)
  const cache = createBodyCache({ maxBytes, maxBodyBytes: maxBytes }, source)
  for (const path of contents.keys()) {
    await cache.load(fileOf(path, bytes))
    assert.ok(cache.stats().bytes <= maxBytes)
  }
  assert.equal(cache.stats().bodies, Math.floor(maxBytes / 100_000))
  assert.equal(cache.peek(fileOf('f0', bytes)), undefined, 'the oldest left first')
  assert.ok(cache.peek(fileOf('f1999', bytes)))
})

test('a body that is wrong is not kept, and is read again next time', async () => {
  const contents = new Map([['a', Buffer.from('wrong')]])
  const { counts, source } = createCountingFiles(contents)
  const cache = createBodyCache({ maxBytes: 1000, maxBodyBytes: 1000 }, source)
  const file = fileOf('a', Buffer.from('right'))
  await assert.rejects(cache.load(file), { code: 'FP_DAMAGED' })
  contents.set('a', Buffer.from('right'))
  assert.equal((await cache.load(file)).toString(), 'right')
  assert.equal(counts.closes, counts.opens)
})

test('a small body is a string with a character for each byte, a bigger one a buffer', async () => {
  const atMost = LIMITS.bodyAsStringMaxBytes
  const small = Buffer.from(Array.from({ length: atMost }, (_, n) => n % 256))
  const big = Buffer.alloc(atMost + 1, 0xff)
  const contents = new Map([['small', small] as const, ['big', big] as const])
  const { source } = createCountingFiles(contents)
  const cache = createBodyCache({ maxBytes: 3 * atMost, maxBodyBytes: 3 * atMost }, source)
  assert.equal(await cache.load(fileOf('small', small)), small.toString('latin1'))
  assert.deepEqual(await cache.load(fileOf('big', big)), big)
  assert.equal(cache.stats().bytes, small.length + big.length)
})

test('an empty body is kept like any other', async () => {
  const { source } = createCountingFiles(new Map())
  const cache = createBodyCache({ maxBytes: 1000, maxBodyBytes: 1000 }, source)
  const file = fileOf('a', Buffer.alloc(0))
  await cache.load(file)
  assert.equal(cache.peek(file)?.length, 0)
})

test('without a budget nothing but an empty body is admitted', () => {
  const { source } = createCountingFiles(new Map())
  const cache = createBodyCache({ maxBytes: 0, maxBodyBytes: 0 }, source)
  assert.equal(cache.admits(fileOf('a', Buffer.from('x'))), false)
  assert.equal(cache.admits(fileOf('a', Buffer.alloc(0))), true)
})
