import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { MediaOptions } from '../../../src/media/options.ts'
import type { SavedForm } from '../../../src/media/upload/form.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { PNG } from '../../support/image.ts'
import { formOf, startMediaApp } from '../../support/media-app.ts'
import { allIn, listStorages } from '../../support/storages.ts'

const OLD = Buffer.concat([PNG, Buffer.from('old')])
const NEW = Buffer.concat([PNG, Buffer.from('new')])
const FILES = {
  avatar: { uploadTo: () => 'avatars/ann.png', overwrite: true },
  paper: { uploadTo: 'papers', maxBytes: 10 },
}

/** What the handler does with a form that it received; the default answers 200. */
type Handle = (form: SavedForm) => unknown

/** A form that replaces a picture and adds a paper, on one storage. Also looks for what is left behind. */
async function startReplacing(
  context: TestContext,
  storage: Storage,
  handle: Handle = () => 'stored',
  options: Partial<MediaOptions> = {},
) {
  await storage.save('avatars/ann.png', OLD)
  let [received, settled] = [0, 0]
  const prepare = (app: FastifyInstance) => {
    // After the plugin's own, which commits what no `onSend` saw.
    app.addHook('onResponse', async () => void settled++)
    app.post('/form', async (request, reply) => {
      const form = await request.saveUploads({ files: FILES }).finally(() => received++)
      const answer = await handle(form)
      if (answer === 'hijack') {
        reply.hijack()
        reply.raw.end('sent past Fastify')
        return reply
      }
      return typeof answer === 'number' ? reply.code(answer).send('') : answer
    })
  }
  const { origin, port, app } = await startMediaApp(context, { storage, ...options }, prepare)
  const post = async (paper: string) =>
    (
      await fetch(`${origin}/form`, {
        method: 'POST',
        body: formOf({ avatar: ['a.png', NEW], paper: ['p.txt', paper] }),
      })
    ).status
  const look = async () => {
    const files = (await app.media.files.list()).files.map(({ key }) => key)
    const avatar = (await storage.read('avatars/ann.png')).subarray(PNG.length).toString()
    return { files, avatar, leftovers: await storage.sweep() }
  }
  return { post, look, port, received: () => received, settled: () => settled }
}

const UNTOUCHED = { files: ['avatars/ann.png'], avatar: 'old', leftovers: 0 }
const REPLACED = { files: ['avatars/ann.png', 'papers/p.txt'], avatar: 'new', leftovers: 0 }

for (const [title, make] of listStorages()) {
  const hold = (what: string, body: (storage: Storage, context: TestContext) => Promise<void>) =>
    test(`in ${title}: ${what}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(storage, context)
    })

  hold('a form replaces a file when its handler has succeeded', async (storage, context) => {
    let inHandler = ''
    const { post, look } = await startReplacing(context, storage, async () => {
      inHandler = (await storage.read('avatars/ann.png')).subarray(PNG.length).toString()
    })
    assert.equal(await post('fine'), 200)
    assert.equal(inHandler, 'old', 'it waits for the handler')
    assert.deepEqual(await look(), REPLACED)
  })

  hold('a refused form keeps the file that it would have replaced', async (storage, context) => {
    const { post, look } = await startReplacing(context, storage)
    assert.equal(await post('more than ten bytes'), 413)
    assert.deepEqual(await look(), UNTOUCHED)
  })

  hold('a client that hangs up keeps the file that it would have replaced', async (storage, context) => {
    const { port, look, received } = await startReplacing(context, storage)
    const file = 'Content-Disposition: form-data; name="avatar"; filename="a.png"'
    const paper = 'Content-Disposition: form-data; name="paper"; filename="p.txt"'
    const body = Buffer.concat([
      Buffer.from(`--b\r\n${file}\r\n\r\n`),
      NEW,
      Buffer.from(`\r\n--b\r\n${paper}\r\n\r\nhalf`),
    ])
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length + 9}\r\n\r\n`,
    )
    socket.write(body)
    await sleep(200)
    socket.destroy()
    for (let attempt = 0; attempt < 500 && received() === 0; attempt++) await sleep(10)
    assert.deepEqual(await look(), UNTOUCHED)
  })

  hold(
    'a quota that refuses at the end keeps the file, and gets all bytes back',
    async (storage, context) => {
      const log: string[] = []
      const quota: MediaOptions['quota'] = {
        reserve: (_request, { name }) => ({
          maxBytes: 1000,
          commit: () => {
            log.push(`commit ${name}`)
            if (name.startsWith('papers/')) throw Object.assign(new Error('full'), { statusCode: 413 })
          },
          rollback: () => void log.push(`rollback ${name}`),
        }),
      }
      const { post, look } = await startReplacing(context, storage, undefined, { quota })
      assert.equal(await post('fine'), 413)
      assert.deepEqual(await look(), UNTOUCHED)
      assert.deepEqual(log.slice(0, 2), ['commit avatars/ann.png', 'commit papers/p.txt'])
      assert.deepEqual(log.slice(2).sort(), ['rollback avatars/ann.png', 'rollback papers/p.txt'])
    },
  )

  hold(
    'if a file cannot replace another, none of its form does, and no quota is kept',
    async (storage, context) => {
      let moves = 0
      const failing: Storage = {
        ...storage,
        async move(from, to, options) {
          if (++moves === 3) throw new Error('the disk is full')
          return storage.move(from, to, options)
        },
      }
      const rolledBack: string[] = []
      const quota: MediaOptions['quota'] = {
        reserve: (_request, { name }) => ({
          maxBytes: 1000,
          commit: () => undefined,
          rollback: () => void rolledBack.push(name),
        }),
      }
      const { origin } = await startMediaApp(context, { storage: failing, quota }, (app) => {
        const to = (name: string) => ({ uploadTo: () => name, overwrite: true })
        const files = {
          paper: { uploadTo: 'papers' },
          n: to('n.txt'),
          a: to('a.txt'),
          b: to('b.txt'),
          c: to('c.txt'),
        }
        app.post('/form', (request) => request.saveUploads({ files }).then(() => 'stored'))
      })
      for (const name of ['a.txt', 'b.txt', 'c.txt']) await storage.save(name, Buffer.from('old'))
      const files = {
        paper: ['p.txt', 'p'],
        n: ['n', 'new'],
        a: ['a', 'new'],
        b: ['b', 'new'],
        c: ['c', 'new'],
      } as const
      const answer = await fetch(`${origin}/form`, { method: 'POST', body: formOf(files) })
      assert.equal(answer.status, 500)
      const texts = ['a.txt', 'b.txt', 'c.txt'].map(async (name) => String(await storage.read(name)))
      assert.deepEqual(await Promise.all(texts), ['old', 'old', 'old'])
      assert.deepEqual(await allIn(storage), ['a.txt', 'b.txt', 'c.txt'])
      assert.deepEqual(rolledBack.sort(), ['a.txt', 'b.txt', 'c.txt', 'n.txt', 'papers/p.txt'])
      assert.equal(await storage.sweep(), 0, 'no copy is left')
    },
  )

  const outcomes: readonly (readonly [what: string, handle: Handle, expected: object])[] = [
    [
      'a handler that throws undoes the form',
      () => {
        throw new Error('no such user')
      },
      UNTOUCHED,
    ],
    ['an answer with an error undoes the form', () => 422, UNTOUCHED],
    ['a redirect keeps it', () => 303, REPLACED],
    [
      'a handler may undo the form and answer well',
      async (form) => {
        await form.rollback()
        await form.rollback()
        return 'undone'
      },
      UNTOUCHED,
    ],
    [
      'a handler may commit before it fails',
      async (form) => {
        await form.commit()
        await form.rollback()
        return 500
      },
      REPLACED,
    ],
    ['an answer that is sent past Fastify keeps it', () => 'hijack', REPLACED],
  ]
  for (const [what, handle, expected] of outcomes) {
    hold(what, async (storage, context) => {
      const { post, look, settled } = await startReplacing(context, storage, handle)
      await post('fine')
      // A look sweeps, and would take what a commit still needs.
      for (let attempt = 0; attempt < 500 && settled() === 0; attempt++) await sleep(10)
      assert.deepEqual(await look(), expected)
    })
  }

  hold('a source that stalls is given up, and what came of it is removed', async (storage, context) => {
    const released: string[] = []
    const quota: MediaOptions['quota'] = {
      reserve: (_request, { name }) => ({
        maxBytes: 1e6,
        commit: () => undefined,
        rollback: () => void released.push(name),
      }),
    }
    const { app, port } = await startMediaApp(context, { storage, quota, stallSeconds: 1 }, (made) => {
      made.post('/part', async (request) => {
        const part = (await request.file()) ?? assert.fail('no file')
        return app.media.save(part, { uploadTo: 'parts', request }).finally(() => released.push('answered'))
      })
    })
    const file = new PassThrough()
    file.write('the beginning')
    const part = { filename: 'a.txt', fieldname: 'paper', mimetype: 'text/plain', file }
    await assert.rejects(app.media.save(part, { uploadTo: 'own' }), {
      code: 'FP_UPLOAD',
      statusCode: 408,
      message: /no byte of it arrived for 1 s/,
    })
    assert.ok(file.destroyed)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const body = '--b\r\nContent-Disposition: form-data; name="paper"; filename="b.txt"\r\n\r\nhalf'
    socket.write(
      `POST /part HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999\r\n\r\n${body}`,
    )
    await once(socket, 'close')
    for (let attempt = 0; attempt < 500 && released.length < 2; attempt++) await sleep(10)
    assert.deepEqual(released, ['parts/b.txt', 'answered'], 'its reservation is given back')
    assert.deepEqual(await allIn(storage), [])
  })
}
