import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import sharp from 'sharp'
import type { Variants } from '../../src/media/content/variant.ts'
import { findUnservable } from '../../src/media/inspect.ts'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import type { MediaOptions } from '../../src/media/options.ts'
import type { SavedForm } from '../../src/media/upload/form.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { GIF, PNG, SVG } from '../support/image.ts'
import { rounds } from '../support/long.ts'
import { formOf, startMediaApp } from '../support/media-app.ts'
import { createS3Lab } from '../support/s3.ts'
import { startSigningStorage } from '../support/signing-storage.ts'
import { allIn, listStorages } from '../support/storages.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

/** A PNG of one colour, as wide as high. */
const square = (size: number, background: string) =>
  sharp({ create: { width: size, height: size, channels: 3, background } })
    .png()
    .toBuffer()

const VARIANTS: Variants = {
  small: (picture) => sharp(picture).resize(8).toBuffer(),
  wide: { extension: '.webp', make: (picture) => sharp(picture).resize(32).webp().toBuffer() },
}

const ANN = ['ann.png', 'ann.png@small.png', 'ann.png@wide.webp']

/** An app with variants and a form that replaces `ann.png`. */
async function startVariants(
  context: TestContext,
  storage: Storage,
  options: Partial<MediaOptions> = {},
  handle: (form: SavedForm) => unknown = () => 'stored',
) {
  const { app, origin } = await startMediaApp(
    context,
    { storage, variants: VARIANTS, ...options },
    (made) => {
      made.post('/ann', async (request) => {
        const form = await request.saveUploads({
          files: { file: { uploadTo: () => 'ann.png', overwrite: true } },
        })
        return handle(form)
      })
      made.post('/any', async (request) =>
        JSON.stringify((await request.saveUploads({ files: { file: { uploadTo: '' } } })).files[0]?.name),
      )
    },
  )
  const post = (path: string, name: string, bytes: Uint8Array) =>
    fetch(origin + path, { method: 'POST', body: formOf({ file: [name, bytes] }) })
  /** Format, width and colour of a picture as it is served. */
  const show = async (url: string) => {
    const answer = await fetch(origin + url)
    if (answer.status !== 200) return String(answer.status)
    const picture = sharp(Buffer.from(await answer.arrayBuffer()))
    const [{ format, width }, { dominant }] = await Promise.all([picture.metadata(), picture.stats()])
    const colour = dominant.r > 128 ? 'red' : 'blue'
    assert.equal(answer.headers.get('content-type'), `image/${format}`)
    assert.equal(answer.headers.get('content-disposition'), 'inline')
    return `${format} ${width} ${colour}`
  }
  const showAnn = async () => [
    await show(app.mediaUrl('ann.png')),
    await show(app.mediaUrl('ann.png', { variant: 'small' })),
    await show(app.mediaUrl('ann.png', { variant: 'wide' })),
  ]
  return { app, origin, post, show, showAnn, red: await square(64, 'red'), blue: await square(64, 'blue') }
}

const allOf = (colour: string) => [`png 64 ${colour}`, `png 8 ${colour}`, `webp 32 ${colour}`]

for (const [title, make] of listStorages()) {
  const hold = (what: string, body: (storage: Storage, context: TestContext) => Promise<void>) =>
    test(`in ${title}: ${what}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(storage, context)
    })

  hold('pictures that replace each other at once never get variants of one another', async (storage) => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    const slow: Storage = {
      ...storage,
      move: async (...given) => {
        await pause()
        const moved = await storage.move(...given)
        await pause()
        return moved
      },
    }
    // Only the red picture has the second variant.
    const [red, blue] = [await square(8, 'red'), await square(8, 'blue')]
    const variants: Variants = {
      same: (picture) => picture,
      red: (picture) => (picture.equals(red) ? picture : undefined),
    }
    const files = createMediaStorage(slow, { variants })
    for (let round = 0; round < rounds(3, 8); round++) {
      await Promise.all(
        [red, blue, red, blue].map((bytes) => files.save('ann.png', bytes, { overwrite: true })),
      )
      const picture = await files.read('ann.png')
      for (const name of ['ann.png@same.png', 'ann.png@red.png']) {
        if (await files.exists(name))
          assert.ok(picture.equals(await files.read(name)), `${name}, round ${round}`)
      }
    }
    assert.deepEqual(
      (await allIn(storage)).filter((name) => !name.startsWith('ann.png')),
      [],
    )
  })

  hold(
    'variants of a picture have addresses, change with it and are removed with it',
    async (storage, context) => {
      const { app, post, showAnn, red, blue } = await startVariants(context, storage)
      assert.equal((await post('/ann', 'a.png', red)).status, 200)
      assert.deepEqual(await showAnn(), allOf('red'))
      assert.deepEqual(await allIn(storage), ANN)
      assert.equal((await post('/ann', 'a.png', blue)).status, 200)
      assert.deepEqual(await showAnn(), allOf('blue'))
      assert.deepEqual(await allIn(storage), ANN)
      const part = {
        filename: 'bob.png',
        fieldname: 'file',
        mimetype: 'image/png',
        file: (async function* () {
          yield red
        })(),
      }
      await app.media.replace('ann.png', part, { uploadTo: '' })
      assert.deepEqual(await allIn(storage), ['bob.png', 'bob.png@small.png', 'bob.png@wide.webp'])
      await app.media.delete('bob.png')
      assert.deepEqual(await allIn(storage), [])
    },
  )

  hold('until a form is committed, nobody sees its variants', async (storage, context) => {
    const seen: unknown[] = []
    const { app, post, showAnn, red, blue } = await startVariants(context, storage, {}, async () => {
      seen.push(await showAnn())
      if (seen.length === 3) throw new Error('no')
    })
    for (const picture of [red, blue, red]) await post('/ann', 'a.png', picture)
    assert.deepEqual(seen, [['404', '404', '404'], allOf('red'), allOf('blue')])
    assert.deepEqual(await showAnn(), allOf('blue'))
    const staged = await app.media.files.stage('ann.png', red, { overwrite: true })
    await staged.discard()
    assert.deepEqual(await showAnn(), allOf('blue'))
    const other = await app.media.files.stage('ann.png', red)
    assert.notEqual(other.name, 'ann.png')
    await other.discard()
    assert.deepEqual(await allIn(storage), ANN)
  })

  hold(
    'a picture of which a variant can not be made is refused, and nothing is left',
    async (storage, context) => {
      const log: string[] = []
      const quota: MediaOptions['quota'] = {
        reserve: () => ({
          maxBytes: 1e6,
          commit: (bytes) => void log.push(`commit ${bytes}`),
          rollback: () => void log.push('rollback'),
        }),
      }
      const { post, red } = await startVariants(context, storage, { quota })
      const broken = await post('/any', 'cut.png', red.subarray(0, 40))
      assert.equal(broken.status, 400)
      assert.match(await broken.text(), /its variant small could not be made/)
      assert.deepEqual(await allIn(storage), [])
      assert.equal((await post('/any', 'whole.png', red)).status, 200)
      assert.deepEqual(log, ['rollback', `commit ${red.length}`], 'a quota counts what the visitor sent')
      const wrong = await startVariants(context, storage, { variants: { small: () => GIF } })
      const answer = await wrong.post('/any', 'wrong.png', red)
      assert.equal(answer.status, 500)
      assert.match(await answer.text(), /is no \.png file.*\\n.*extension/)
      assert.deepEqual((await allIn(storage)).length, 3)
    },
  )

  hold('if a variant cannot be kept, the picture that was there comes back', async (storage, context) => {
    let isFull = false
    const failing: Storage = {
      ...storage,
      async move(from, to, options) {
        if (isFull && to.includes('@')) throw new Error('the disk is full')
        return storage.move(from, to, options)
      },
    }
    const { app, post, red, blue } = await startVariants(context, failing)
    assert.equal((await post('/ann', 'a.png', red)).status, 200)
    isFull = true
    assert.equal((await post('/ann', 'a.png', blue)).status, 500)
    await assert.rejects(
      app.media.files.save('ann.png', blue, { overwrite: true }),
      /disk is full|could not be saved/,
    )
    assert.ok((await storage.read('ann.png')).equals(red))
    assert.deepEqual([await allIn(storage), await storage.sweep()], [['ann.png'], 0])
  })

  hold('where there is no variant, the picture is shown', async (storage, context) => {
    await storage.save('old.png', PNG)
    await storage.save('logo.svg', SVG)
    const { app, show, post, red } = await startVariants(context, storage, {
      variants: { small: (picture) => (picture.length > 500 ? undefined : picture) },
    })
    assert.match(await show(app.mediaUrl('old.png', { variant: 'small' })), /^png 1 /)
    assert.equal(app.mediaUrl('logo.svg', { variant: 'small' }), '/media/logo.svg')
    const long = `${'x'.repeat(245)}.png`
    assert.equal(app.mediaUrl(long, { variant: 'small' }), `/media/${long}`)
    assert.equal((await post('/any', long, red)).status, 200)
    // A smaller picture takes the place of one that had a variant, and the other way round.
    const noisy = await sharp(Buffer.from(Array.from({ length: 3072 }, (_, at) => (at * at * 31) % 251)), {
      raw: { width: 32, height: 32, channels: 3 },
    })
      .png()
      .toBuffer()
    assert.ok(red.length <= 500 && noisy.length > 500)
    await post('/ann', 'a.png', red)
    assert.match(await show(app.mediaUrl('ann.png', { variant: 'small' })), /^png 64 red/)
    await post('/ann', 'a.png', noisy)
    assert.match(await show(app.mediaUrl('ann.png', { variant: 'small' })), /^png 32 /)
    assert.equal(await app.media.files.exists('ann.png@small.png'), false)
  })

  hold('a variant is as private as its picture', async (storage, context) => {
    const asked: string[] = []
    const { app, show, origin, post, red } = await startVariants(context, storage, {
      private: (name) => name === 'ann.png',
      keys: KEYS,
      authorize: (_request, { name, link }) => {
        asked.push(`${name} ${link}`)
        return link === 'valid'
      },
    })
    await post('/ann', 'a.png', red)
    assert.equal(await show(app.mediaUrl('ann.png', { variant: 'small' })), '403')
    const link = await app.media.signedUrl('ann.png', { variant: 'small' })
    assert.equal(await show(link), 'png 8 red')
    assert.equal(await show(link.replace('@small.png', '')), '403', 'a link opens one file')
    assert.deepEqual(asked, ['ann.png unsigned', 'ann.png valid', 'ann.png altered'])
    const put = { variant: 'small', method: 'PUT' } as const
    await assert.rejects(app.media.signedUrl('ann.png', put), { code: 'FP_CONFIG' })
    const sneaky = origin + (await app.media.signedUrl('ann.png@small.png', { method: 'PUT' }))
    assert.equal((await fetch(sneaky, { method: 'PUT', body: PNG })).status, 403)
    const direct = origin + (await app.media.signedUrl('ann.png', { method: 'PUT' }))
    const blue = await square(64, 'blue')
    assert.equal((await fetch(direct, { method: 'PUT', body: Uint8Array.from(blue) })).status, 201)
    assert.equal(await show(link), 'png 8 blue', 'what is put by a link has variants, too')
  })

  hold(
    'a process that dies while it replaces a picture leaves no variant of another one',
    async (storage) => {
      const variants: Variants = { same: (picture) => picture, also: (picture) => picture }
      const [old, fresh] = [await square(8, 'red'), await square(8, 'blue')]
      const pictures = new Set<string>()
      let isAlive = false
      for (let steps = 0; !isAlive; steps++) {
        await createMediaStorage(storage, { variants }).save('ann.png', old, { overwrite: true })
        let left = steps
        const dying = <T extends (...given: never[]) => Promise<unknown>>(work: T) =>
          (async (...given: never[]) => {
            if (left-- <= 0) throw new Error('dead')
            return work(...given)
          }) as unknown as T
        const { save, move } = storage
        const mortal = { ...storage, save: dying(save), move: dying(move), delete: dying(storage.delete) }
        const saving = createMediaStorage(mortal, { variants }).save('ann.png', fresh, { overwrite: true })
        isAlive = await saving.then(() => true).catch(() => false)
        const picture = await storage.read('ann.png')
        assert.ok(picture.equals(isAlive ? fresh : old) || picture.equals(fresh))
        pictures.add(picture.toString('latin1'))
        for (const name of ['ann.png@same.png', 'ann.png@also.png'])
          if ((await storage.stat(name)) !== undefined)
            assert.deepEqual(await storage.read(name), picture, name)
        assert.ok(steps < 20)
      }
      assert.equal(pictures.size, 2, 'it died before and after the picture changed')
    },
  )

  hold('no visitor takes the name of a variant', async (storage, context) => {
    const { post, red } = await startVariants(context, storage)
    const answer = await post('/any', 'ann.png@small.png', red)
    assert.equal(await answer.json(), 'ann.png_small.png')
    await assert.rejects(createMediaStorage(storage).save('ann.png@small.png', red), { code: 'FP_PATH' })
  })

  hold('a variant is an orphan if its picture is one, and can be served', async (storage) => {
    const media = createMediaStorage(storage, { variants: VARIANTS, now: () => Date.now() + 1e9 })
    for (const name of ['used.png', 'left.png']) await media.save(name, await square(9, 'red'))
    const orphans: string[] = []
    // Another program, the command line say, knows no variants.
    const others = createMediaStorage(storage, { now: () => Date.now() + 1e9 })
    for await (const { key } of others.orphans(['used.png'])) orphans.push(key)
    assert.deepEqual(orphans, ['left.png', 'left.png@small.png', 'left.png@wide.webp'])
    for await (const { name, reason } of findUnservable(storage)) assert.fail(`${name}: ${reason}`)
  })
}

for (const [title, open] of [
  ['a bucket', (context: TestContext) => lab.storage(context)],
  ['a storage of signed URLs', startSigningStorage],
] as const) {
  test(`in ${title}: a direct upload gets its variants when it is completed`, async (context) => {
    const storage = await open(context)
    if (storage === undefined) return
    const { app, show } = await startVariants(context, storage, { keys: KEYS })
    const upload = async (bytes: Uint8Array) => {
      const grant = await app.media.direct.create({ name: 'cat.png', maxBytes: 10_000 })
      const form = new FormData()
      for (const [name, value] of Object.entries(grant.fields)) form.append(name, value)
      form.append('file', new Blob([Uint8Array.from(bytes)]), 'x')
      assert.ok((await fetch(grant.url, { method: 'POST', body: form })).status < 300)
      return app.media.direct.complete(grant.ticket, {} as FastifyRequest)
    }
    const name = await upload(await square(64, 'red'))
    assert.equal(await show(app.mediaUrl(name, { variant: 'wide' })), 'webp 32 red')
    await app.media.delete(name)
    await assert.rejects(upload((await square(64, 'red')).subarray(0, 40)), { code: 'FP_UPLOAD' })
    assert.deepEqual(await allIn(storage), [])
  })
}

test('what variants may be is checked at the start', async (context) => {
  const make = () => undefined
  for (const [variants, message] of [
    [{ '2x': make }, /a name in variants should be a letter/],
    [{ 'a b': make }, /a name in variants/],
    [{ small: 'yes' }, /small should be/],
    [{ small: { extension: '.webp' } }, /variants\.small should be a function/],
    [{ small: { extension: '.svg', make } }, /extension should be the extension of a picture/],
    [{ small: { extension: 'webp', make } }, /extension should be the extension of a picture/],
    [{ small: { format: '.webp', make } }, /no option "format"/],
  ] as const) {
    const given = variants as unknown as Variants
    await assert.rejects(startMediaApp(context, { variants: given }), { code: 'FP_CONFIG', message })
  }
  const media = createMediaStorage(createMemoryStorage(), { url: '/media/', variants: { small: make } })
  assert.throws(() => media.url('a.png', { variant: 'smal' }), {
    code: 'FP_CONFIG',
    message: /Variants: small/,
  })
  assert.equal(media.url('a.png', { variant: 'small' }), '/media/a.png@small.png')
  const none = createMediaStorage(createMemoryStorage(), { url: '/media/' })
  assert.throws(() => none.url('a.png', { variant: 'small' }), { message: /option variants/ })
})

test('few large pictures are in memory at once, however many are uploaded', async () => {
  let [running, most] = [0, 0]
  const make = async () => {
    running++
    most = Math.max(most, running)
    await sleep(20)
    running--
    return undefined
  }
  const files = createMediaStorage(createMemoryStorage(), { variants: { small: make } })
  const large = Buffer.concat([PNG, Buffer.alloc(9_000_000)])
  await Promise.all(Array.from({ length: 10 }, (_, n) => files.save(`${n}.png`, large)))
  assert.equal(most, 3)
})
