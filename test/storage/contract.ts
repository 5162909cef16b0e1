import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isTemporaryKey, temporaryKeyFor } from '../../src/storage/key.ts'
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
    await storage.save('a.txt', Buffer.from('a'))
    const stored = (await storage.stat('a.txt')) ?? assert.fail('stored')
    assert.ok(Math.abs(stored.modifiedAt.getTime() - Date.now()) < 60_000)
    for await (const listed of storage.list()) assert.equal(listed.validator, stored.validator)
  })

  promise(
    'gives every content of a key another validator, in one second and of one size',
    async (storage) => {
      const validators = new Set<string>()
      for (let index = 10; index < 30; index++) {
        await storage.save('a.txt', Buffer.from(String(index)), { overwrite: true })
        const { validator } = (await storage.stat('a.txt')) ?? assert.fail('stored')
        assert.equal((await storage.stat('a.txt'))?.validator, validator, 'it stays until the next save')
        // The characters of an entity tag, RFC 9110 §8.8.3, and no weak one.
        assert.match(validator, /^[\x21\x23-\x7e\x80-\xff]+$/)
        validators.add(validator)
      }
      assert.equal(validators.size, 20)
    },
  )

  promise('moves a file to a new key, whole and alone', async (storage) => {
    await storage.save('from/a.txt', Buffer.from('moved'))
    assert.deepEqual(await storage.move('from/a.txt', 'to/b.txt'), { key: 'to/b.txt', size: 5 })
    assert.deepEqual(await keysOf(storage), ['to/b.txt'])
    assert.equal((await storage.read('to/b.txt')).toString(), 'moved')
  })

  promise('moves over a file only when told to, or takes an alternative', async (storage) => {
    await storage.save('old', Buffer.from('old'))
    await storage.save('new', Buffer.from('new'))
    await assert.rejects(storage.move('new', 'old'), { code: 'FP_EXISTS' })
    assert.deepEqual(await keysOf(storage), ['new', 'old'])
    const alternative = (attempt: number) => ['new', 'other'][attempt - 1]
    assert.equal((await storage.move('new', 'old', { alternative })).key, 'other')
    assert.equal((await storage.read('old')).toString(), 'old')
    await storage.move('other', 'old', { overwrite: true })
    assert.deepEqual(await keysOf(storage), ['old'])
    assert.equal((await storage.read('old')).toString(), 'new')
  })

  promise('keeps a file that is moved to its own key', async (storage) => {
    await storage.save('a', Buffer.from('a'))
    await storage.move('a', 'a', { overwrite: true })
    await assert.rejects(storage.move('a', 'a'), { code: 'FP_EXISTS' })
    assert.equal((await storage.read('a')).toString(), 'a')
  })

  promise('lets only one of many files be moved to one new key', async (storage) => {
    const keys = ['0', '1', '2', '3', '4', '5']
    for (const key of keys) await storage.save(key, Buffer.from(key))
    const results = await Promise.allSettled(keys.map((key) => storage.move(key, 'one')))
    const winners = keys.filter((_, index) => results[index]?.status === 'fulfilled')
    assert.equal(winners.length, 1)
    assert.equal((await storage.read('one')).toString(), winners[0])
    assert.deepEqual(await keysOf(storage), [...keys.filter((key) => key !== winners[0]), 'one'])
  })

  promise('moves only the content that was meant', async (storage) => {
    await storage.save('a', Buffer.from('old'))
    const { validator } = (await storage.stat('a')) ?? assert.fail('stored')
    await storage.save('a', Buffer.from('new'), { overwrite: true })
    await assert.rejects(storage.move('a', 'b', { validator }), {
      code: 'FP_CHANGED',
      message: /a was replaced/,
    })
    assert.deepEqual(await keysOf(storage), ['a'])
    const now = (await storage.stat('a'))?.validator ?? assert.fail('stored')
    await storage.move('a', 'b', { validator: now })
    assert.equal((await storage.read('b')).toString(), 'new')
  })

  promise('refuses to move what is not there, and moves nothing to what is no key', async (storage) => {
    await storage.save('a', Buffer.from('a'))
    await assert.rejects(storage.move('b', 'c'), { code: 'FP_NOT_FOUND' })
    await assert.rejects(storage.move('a', '../c'), { code: 'FP_PATH' })
    await assert.rejects(storage.move('../a', 'c'), { code: 'FP_PATH' })
    await assert.rejects(storage.move('a', 'a/../../b'), { code: 'FP_PATH' })
    assert.deepEqual(await keysOf(storage), ['a'])
  })

  promise('lists no temporary file, and sweeps it by age and folder', async (storage) => {
    const temporary = temporaryKeyFor('folder/a.txt')
    assert.ok(temporary.startsWith('folder/') && isTemporaryKey(temporary))
    await storage.save(temporary, Buffer.from('staged'))
    await storage.save('folder/b.txt', Buffer.from('b'))
    assert.deepEqual(await keysOf(storage), ['folder/b.txt'])
    assert.equal((await storage.read(temporary)).toString(), 'staged')
    assert.equal(await storage.sweep(new Date(Date.now() - 3_600_000)), 0)
    assert.equal(await storage.sweep(undefined, 'other/'), 0)
    assert.equal(await storage.sweep(undefined, 'folder/'), 1)
    assert.equal(await storage.stat(temporary), undefined)
    assert.deepEqual(await keysOf(storage), ['folder/b.txt'])
  })

  promise('keeps the old file until a temporary one replaces it', async (storage) => {
    await storage.save('ann.png', Buffer.from('old'))
    const temporary = temporaryKeyFor('ann.png')
    await storage.save(temporary, Buffer.from('newer'))
    assert.equal((await storage.read('ann.png')).toString(), 'old')
    await storage.move(temporary, 'ann.png', { overwrite: true })
    assert.equal((await storage.read('ann.png')).toString(), 'newer')
    assert.equal(await storage.stat(temporary), undefined)
    assert.equal(await storage.sweep(), 0)
  })

  promise('opens the content that is meant, for reads by position', async (storage) => {
    if (storage.openFile === undefined) return
    await storage.save('folder/a.txt', Buffer.from('0123456789'))
    const { validator } = (await storage.stat('folder/a.txt')) ?? assert.fail('stored')
    const file = await storage.openFile('folder/a.txt', validator)
    const bytes = Buffer.alloc(8, '-')
    assert.equal((await file.read(bytes, 1, 3, 6)).bytesRead, 3)
    assert.equal((await file.read(bytes, 4, 4, 8)).bytesRead, 2)
    assert.equal((await file.read(bytes, 0, 1, 10)).bytesRead, 0)
    assert.equal(bytes.toString(), '-67889--')
    // What is open stays as it was.
    await storage.save('folder/a.txt', Buffer.from('new'), { overwrite: true })
    assert.equal((await file.read(bytes, 0, 1, 0)).bytesRead, 1)
    assert.equal(bytes.toString(), '067889--')
    await file.close()
    await assert.rejects(storage.openFile('folder/a.txt', validator), { code: 'FP_CHANGED' })
    await assert.rejects(storage.openFile('folder/b.txt', validator), { code: 'FP_NOT_FOUND' })
    await assert.rejects(storage.openFile('../a.txt', validator), { code: 'FP_PATH' })
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
