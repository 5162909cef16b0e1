import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Storage } from '../../src/storage/storage.ts'

/** Makes an empty storage for one test. */
export type MakeStorage = (context: TestContext) => Storage | Promise<Storage | undefined>

/**
 * What every storage promises, as tests. Call it at the top of a test file; `make` may skip the test and return nothing
 * where what it needs isn't there.
 */
export function testStorageContract(title: string, make: MakeStorage): void {
  const promise = (text: string, body: (storage: Storage) => Promise<void>) =>
    test(`${title} ${text}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(storage)
    })

  promise('gives back what was saved, byte for byte', async (storage) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256)
    const stored = await storage.save('a/b/c.bin', bytes)
    assert.equal(stored.key, 'a/b/c.bin')
    assert.equal(stored.size, bytes.length)
    assert.deepEqual(new Uint8Array(await storage.read('a/b/c.bin')), bytes)
  })

  promise('keeps a file of no bytes', async (storage) => {
    await storage.save('empty', new Uint8Array())
    assert.equal((await storage.read('empty')).length, 0)
    assert.equal((await storage.stat('empty'))?.size, 0)
    assert.equal((await collect(storage.open('empty'))).length, 0)
  })

  promise('joins content that arrives in pieces', async (storage) => {
    const stored = await storage.save('pieces.txt', pieces('one ', '', 'two ', 'three'))
    assert.equal(stored.size, 13)
    assert.equal((await storage.read('pieces.txt')).toString(), 'one two three')
  })

  promise('keeps nothing of content that breaks off', async (storage) => {
    const broken = (async function* () {
      yield Buffer.from('half')
      throw new Error('the line went dead')
    })()
    await assert.rejects(storage.save('half.txt', broken), /line went dead/)
    assert.equal(await storage.stat('half.txt'), undefined)
    assert.deepEqual(await keysOf(storage), [])
  })

  promise('keeps the old file where its replacement breaks off', async (storage) => {
    await storage.save('a.txt', Buffer.from('old'))
    const broken = (async function* () {
      yield Buffer.from('new, but')
      throw new Error('the line went dead')
    })()
    await assert.rejects(storage.save('a.txt', broken, { overwrite: true }), /line went dead/)
    assert.equal((await storage.read('a.txt')).toString(), 'old')
  })

  promise('refuses a taken key and keeps what it had', async (storage) => {
    await storage.save('a.txt', Buffer.from('first'))
    await assert.rejects(storage.save('a.txt', Buffer.from('second')), { code: 'FP_EXISTS' })
    assert.equal((await storage.read('a.txt')).toString(), 'first')
  })

  promise('lets only one of many writers of a new key succeed', async (storage) => {
    const texts = ['0', '1', '2', '3', '4', '5', '6', '7']
    const results = await Promise.allSettled(texts.map((text) => storage.save('one.txt', Buffer.from(text))))
    const winners = texts.filter((_, index) => results[index]?.status === 'fulfilled')
    assert.equal(winners.length, 1)
    assert.equal((await storage.read('one.txt')).toString(), winners[0])
  })

  promise('gives twenty writers of one name twenty files, reading each content once', async (storage) => {
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const alternative = (writer: number) => (attempt: number) =>
      attempt > 2 ? undefined : `one-${writer}-${attempt}.txt`
    const save = (writer: number) =>
      storage.save('one.txt', pieces(String(writer)), { alternative: alternative(writer) })
    const stored = await Promise.all(numbers.map(save))
    assert.equal(new Set(stored.map(({ key }) => key)).size, 20)
    for (const [writer, { key }] of stored.entries())
      assert.equal((await storage.read(key)).toString(), String(writer))
    assert.equal((await keysOf(storage)).length, 20)
  })

  promise('gives up where every alternative is taken, or leads out', async (storage) => {
    await storage.save('a', Buffer.from('a'))
    const twice = (attempt: number) => (attempt === 1 ? 'a' : undefined)
    await assert.rejects(storage.save('a', pieces('x'), { alternative: twice }), { code: 'FP_EXISTS' })
    await assert.rejects(storage.save('a', pieces('x'), { alternative: () => '../b' }), { code: 'FP_PATH' })
    assert.deepEqual(await keysOf(storage), ['a'])
  })

  promise('replaces a file when told to', async (storage) => {
    await storage.save('a.txt', Buffer.from('a longer text'))
    await storage.save('a.txt', Buffer.from('short'), { overwrite: true })
    assert.equal((await storage.read('a.txt')).toString(), 'short')
    assert.equal((await storage.stat('a.txt'))?.size, 5)
  })

  promise('opens a whole file and any part of it', async (storage) => {
    await storage.save('digits', Buffer.from('0123456789'))
    const part = async (start: number, end: number) =>
      (await collect(storage.open('digits', { start, end }))).toString()
    assert.equal((await collect(storage.open('digits'))).toString(), '0123456789')
    assert.equal(await part(0, 0), '0')
    assert.equal(await part(3, 5), '345')
    assert.equal(await part(9, 9), '9')
  })

  promise('says which key is not there', async (storage) => {
    const missing = { code: 'FP_NOT_FOUND', message: /no\/such\.txt/ }
    await assert.rejects(storage.read('no/such.txt'), missing)
    await assert.rejects(collect(storage.open('no/such.txt')), missing)
    assert.equal(await storage.stat('no/such.txt'), undefined)
  })

  promise('deletes a file, and is content if it is gone already', async (storage) => {
    await storage.save('a/b.txt', Buffer.from('b'))
    await storage.delete('a/b.txt')
    await storage.delete('a/b.txt')
    assert.equal(await storage.stat('a/b.txt'), undefined)
    assert.deepEqual(await keysOf(storage), [])
  })

  promise('lists in key order, by prefix, with sizes', async (storage) => {
    for (const key of ['b.txt', 'a/c.txt', 'a-b.txt', 'a/b/d.txt', 'Z.txt', 'ä.txt']) {
      await storage.save(key, Buffer.from(key))
    }
    const everything = ['Z.txt', 'a-b.txt', 'a/b/d.txt', 'a/c.txt', 'b.txt', 'ä.txt']
    assert.deepEqual(await keysOf(storage), everything)
    assert.deepEqual(await keysOf(storage, 'a/'), ['a/b/d.txt', 'a/c.txt'])
    assert.deepEqual(await keysOf(storage, 'a'), ['a-b.txt', 'a/b/d.txt', 'a/c.txt'])
    assert.deepEqual(await keysOf(storage, 'nothing/'), [])
    for await (const { key, size } of storage.list()) assert.equal(size, Buffer.byteLength(key))
  })

  promise('goes on listing behind a key', async (storage) => {
    for (const key of ['a', 'b/1', 'b/2', 'c']) await storage.save(key, Buffer.from(key))
    assert.deepEqual(await keysOf(storage, '', 'b/1'), ['b/2', 'c'])
    assert.deepEqual(await keysOf(storage, 'b/', 'b/1'), ['b/2'])
    assert.deepEqual(await keysOf(storage, '', 'c'), [])
  })

  promise('sweeps nothing that was saved', async (storage) => {
    await storage.save('a.txt', Buffer.from('a'))
    await storage.save('empty.txt', new Uint8Array())
    assert.equal(await storage.sweep(), 0)
    assert.deepEqual(await keysOf(storage), ['a.txt', 'empty.txt'])
  })

  promise('keeps names with spaces, umlauts, quotes and percent signs', async (storage) => {
    const keys = ['%2e%2e/a', "it's here.css", 'naïve café.txt', 'a+b@2x.png', '100%.css', '[x]{y}.js']
    for (const key of keys) await storage.save(key, Buffer.from(key))
    for (const key of keys) assert.equal((await storage.read(key)).toString(), key)
    assert.deepEqual(await keysOf(storage), [...keys].sort())
  })

  promise('refuses everything that is not a logical path', async (storage) => {
    for (const key of ['', '/etc/passwd', '../up.txt', 'a/../../b', 'a//b', './a', 'a\0b']) {
      await assert.rejects(storage.save(key, Buffer.from('x')), { code: 'FP_PATH' }, JSON.stringify(key))
      await assert.rejects(storage.read(key), { code: 'FP_PATH' }, JSON.stringify(key))
      await assert.rejects(storage.stat(key), { code: 'FP_PATH' }, JSON.stringify(key))
      await assert.rejects(storage.delete(key), { code: 'FP_PATH' }, JSON.stringify(key))
    }
  })

  promise('tells when a file was saved', async (storage) => {
    const { modifiedAt } = await storage.save('a.txt', Buffer.from('a'))
    assert.ok(Math.abs(modifiedAt.getTime() - Date.now()) < 60_000)
    assert.deepEqual((await storage.stat('a.txt'))?.modifiedAt.getTime(), modifiedAt.getTime())
  })

  promise('gives out copies: changing what was read changes nothing', async (storage) => {
    const bytes = Buffer.from('mine')
    await storage.save('a.txt', bytes)
    bytes.fill(0)
    const read = await storage.read('a.txt')
    read.fill(0)
    assert.equal((await storage.read('a.txt')).toString(), 'mine')
  })
}

async function* pieces(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function keysOf(storage: Storage, prefix?: string, after?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, after)) keys.push(key)
  return keys
}
