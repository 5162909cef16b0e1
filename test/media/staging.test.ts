import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import type { Variants } from '../../src/media/content/variant.ts'
import { createDirectUploads } from '../../src/media/links/direct.ts'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import type { Quota } from '../../src/media/options.ts'
import { commitAll } from '../../src/media/staged-file.ts'
import type { ObjectStore, Storage } from '../../src/storage/storage.ts'
import { PNG } from '../support/image.ts'
import { createS3Lab } from '../support/s3.ts'
import { startSigningStorage } from '../support/signing-storage.ts'
import { allIn, listStorages } from '../support/storages.ts'

const lab = createS3Lab()
const pictureOf = (text: string) => Buffer.concat([PNG, Buffer.from(text)])
const [OLD, OURS, OTHERS] = [pictureOf('old'), pictureOf('ours'), pictureOf('others')]
const OVERWRITE = { overwrite: true }
const SAME: Variants = { same: (picture) => picture, also: (picture) => picture }

/** A storage whose moves to some key do something else first. */
function beforeMove<S extends Storage>(storage: S, to: string, work: () => Promise<unknown>): S {
  const move: Storage['move'] = async (...given) => {
    if (given[1] === to) await work()
    return storage.move(...given)
  }
  return { ...storage, move }
}

const fail = () => Promise.reject(new Error('the disk is full'))

/** Replaces x.png and y.txt, together. */
async function replaceBoth(storage: Storage, variants: Variants = {}, between = async () => {}) {
  const files = createMediaStorage(storage, { variants })
  const x = await files.stage('x.png', OURS, OVERWRITE)
  const y = await files.stage('y.txt', Buffer.from('ours'), OVERWRITE)
  await between()
  try {
    await commitAll([x, y])
  } finally {
    for (const staged of [x, y]) await staged.discard()
  }
}

for (const [title, make] of listStorages()) {
  const hold = (what: string, body: (storage: Storage, context: TestContext) => Promise<void>) =>
    test(`in ${title}: ${what}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(storage, context)
    })

  for (const failing of ['x.png', 'y.txt']) {
    for (const before of [OLD, undefined]) {
      const what = before === undefined ? 'where there was none' : 'of an older one'
      hold(`a failure at ${failing} leaves what another upload made ${what}`, async (storage) => {
        if (before !== undefined) await storage.save('x.png', before)
        const others = createMediaStorage(storage, { variants: SAME })
        let moves = 0
        const storageOfOurs = beforeMove(storage, failing, async () => {
          if (++moves > 1) return
          await others.save('x.png', OTHERS, OVERWRITE)
          await fail()
        })
        await assert.rejects(replaceBoth(storageOfOurs, SAME), /disk is full/)
        for (const name of ['x.png', 'x.png@same.png', 'x.png@also.png'])
          assert.deepEqual(await storage.read(name), OTHERS)
        assert.deepEqual(await allIn(storage), ['x.png', 'x.png@also.png', 'x.png@same.png'])
      })
    }
  }

  hold('a failure between two variants leaves none of them beside a picture of others', async (storage) => {
    const storageOfOurs = beforeMove(storage, 'x.png@also.png', async () => {
      await storage.save('x.png', OTHERS, OVERWRITE)
      await fail()
    })
    const files = createMediaStorage(storageOfOurs, { variants: SAME })
    await files.save('y.png', OURS)
    await assert.rejects(files.save('x.png', OURS, OVERWRITE), /disk is full/)
    assert.deepEqual(await storage.read('x.png'), OTHERS)
    assert.deepEqual(await allIn(storage), ['x.png', 'y.png', 'y.png@also.png', 'y.png@same.png'])
  })

  hold('where a file can not come back, its copy stays', async (storage) => {
    await storage.save('x.png', OLD)
    let moves = 0
    const broken = beforeMove(beforeMove(storage, 'y.txt', fail), 'x.png', async () => {
      if (++moves > 1) await fail()
    })
    await assert.rejects(replaceBoth(broken), /disk is full/)
    assert.equal(await storage.sweep(), 1)
  })

  hold('what can not be copied is not left open', async (storage) => {
    const large = Buffer.concat([OLD, Buffer.alloc(200_000)])
    await storage.save('x.png', large)
    let [open, isFull] = [0, false]
    const full: Storage = {
      ...storage,
      save: (...given) => (isFull ? fail() : storage.save(...given)),
      async *open(...given) {
        open++
        try {
          yield* storage.open(...given)
        } finally {
          open--
        }
      },
    }
    await assert.rejects(
      replaceBoth(full, {}, async () => {
        isFull = true
      }),
      /disk is full/,
    )
    assert.equal(open, 0)
    assert.deepEqual(await storage.read('x.png'), large)
  })

  hold('what is deleted while it is copied is replaced all the same', async (storage) => {
    await storage.save('x.png', OLD)
    const deleting: Storage = {
      ...storage,
      async *open(key, range) {
        await storage.delete(key)
        yield* storage.open(key, range)
      },
    }
    await replaceBoth(deleting)
    assert.deepEqual(await allIn(storage), ['x.png', 'y.txt'])
  })

  hold('a picture is whole in memory only while its variants are made', async (storage) => {
    let reads = 0
    const counting: Storage = {
      ...storage,
      read(key) {
        reads++
        return storage.read(key)
      },
    }
    await replaceBoth(counting, SAME)
    assert.equal(reads, 1)
    assert.deepEqual(await storage.read('x.png@same.png'), OURS)
  })
}

for (const [title, open] of [
  ['a bucket', (context: TestContext) => lab.storage(context)],
  ['a storage of signed URLs', startSigningStorage],
] as const) {
  test(`in ${title}: a direct upload whose variants can not be kept is removed, and not counted`, async (context) => {
    const storage: ObjectStore | undefined = await open(context)
    if (storage === undefined) return
    const log: string[] = []
    const quota: Quota<FastifyRequest> = {
      reserve: () => ({
        maxBytes: 1000,
        commit: () => void log.push('commit'),
        rollback: () => void log.push('rollback'),
      }),
    }
    const full: ObjectStore = {
      ...storage,
      move: (from, to, options) => (to.includes('@also') ? fail() : storage.move(from, to, options)),
    }
    const files = createMediaStorage(full, { variants: SAME })
    const keys = [{ id: 'k1', secret: 'a'.repeat(32) }]
    const direct = createDirectUploads({ store: full, files, keys, quota, now: Date.now })
    const request = {} as FastifyRequest
    const { ticket } = await direct.create({ name: 'cat.png', maxBytes: 1000, request })
    const [temporary] = JSON.parse(String(Buffer.from(ticket.split('.')[0] ?? '', 'base64url')))
    await storage.save(temporary, OURS)
    await assert.rejects(direct.complete(ticket, request), /disk is full/)
    assert.deepEqual(await allIn(storage), [])
    assert.deepEqual(log, ['rollback', 'rollback'])
  })
}
