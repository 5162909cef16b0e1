import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import multipart from '@fastify/multipart'
import Fastify from 'fastify'
import type { MediaOptions } from '../../../src/media/options.ts'
import { media } from '../../../src/media/plugin.ts'
import type { FormFileOptions } from '../../../src/media/upload/form.ts'
import type { UploadPart } from '../../../src/media/upload/upload.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { GIF, JPEG, PNG } from '../../support/image.ts'
import { formOf, startMediaApp } from '../../support/media-app.ts'
import { allIn, listStorages } from '../../support/storages.ts'
import { makeTree, readTree } from '../../support/tree.ts'

const STORAGES = listStorages()

/** A test for each kind of storage. */
function onEveryStorage(
  title: string,
  body: (context: TestContext, storage: Storage) => Promise<void>,
): void {
  for (const [where, make] of STORAGES) {
    test(`in ${where}: ${title}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(context, storage)
    })
  }
}

const AVATAR: FormFileOptions = { uploadTo: 'avatars/%Y', types: ['image/*'] }

/** An app with one form, and the folder its uploads land in. */
async function startForm(
  context: TestContext,
  files: Record<string, FormFileOptions> = { avatar: AVATAR, paper: { uploadTo: 'papers', maxFiles: 3 } },
  options: Partial<MediaOptions> = {},
) {
  const root = join(makeTree(context), 'media')
  const { storage = createFilesystemStorage({ root }) } = options
  const now = () => Date.parse('2026-05-01')
  const { app, origin, port } = await startMediaApp(context, { now, ...options, storage }, (app) => {
    app.post('/form', async (request) => {
      const form = await request.saveUploads({ files })
      return { files: form.files, fields: Object.fromEntries(form.fields) }
    })
  })
  const post = (body: FormData) => fetch(`${origin}/form`, { method: 'POST', body })
  const stored = () => [...readTree(root).keys()]
  const all = () => allIn(storage)
  return { app, origin, port, post, stored, all }
}

test('files of a form are streamed into the storage, and fields come back as text', async (context) => {
  const { post, stored, app } = await startForm(context)
  const form = formOf({ avatar: ['cat.png', PNG], paper1: ['a.txt', 'a'], paper2: ['b.txt', 'bb'] })
  form.append('title', 'My cat')
  const answer = (await (await post(form)).json()) as {
    files: { name: string; size: number }[]
    fields: object
  }
  assert.deepEqual(
    answer.files.map(({ name, size }) => [name, size]),
    [
      ['avatars/2026/cat.png', PNG.length],
      ['papers/a.txt', 1],
      ['papers/b.txt', 2],
    ],
  )
  assert.deepEqual(answer.fields, { title: 'My cat' })
  assert.deepEqual(stored(), ['avatars/2026/cat.png', 'papers/a.txt', 'papers/b.txt'])
  assert.equal(app.mediaUrl('avatars/2026/cat.png'), '/media/avatars/2026/cat.png')
})

test('an input nobody used is passed over', async (context) => {
  const { post } = await startForm(context)
  const answer = await post(formOf({ avatar: ['', ''] }))
  assert.equal(answer.status, 200)
  assert.deepEqual(((await answer.json()) as { files: unknown[] }).files, [])
})

interface Refusal {
  readonly why: string
  readonly status: number
  readonly form: () => FormData
  readonly limits?: MediaOptions['limits']
}

const many = (count: number): FormData =>
  formOf(
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`paper${index}`, [`${index}.txt`, 'x'] as const]),
    ),
  )

const withFields = (count: number, value = 'x') => {
  const form = formOf({ paper: ['a.txt', 'x'] })
  for (let index = 0; index < count; index++) form.append(`f${index}`, value)
  return form
}

const REFUSALS: readonly Refusal[] = [
  {
    why: 'a file with one byte too many',
    status: 413,
    limits: { maxFileBytes: 100 },
    form: () => formOf({ paper: ['a.txt', 'x'.repeat(101)] }),
  },
  {
    why: 'a second file that is too large, with the first already stored',
    status: 413,
    limits: { maxFileBytes: 100 },
    form: () => formOf({ paper1: ['a.txt', 'fine'], paper2: ['b.txt', 'x'.repeat(500)] }),
  },
  {
    why: 'files that are too large together',
    status: 413,
    limits: { maxRequestBytes: 150, maxFileBytes: 100 },
    form: () => formOf({ paper1: ['a.txt', 'x'.repeat(90)], paper2: ['b.txt', 'x'.repeat(90)] }),
  },
  { why: 'more files than a field takes', status: 413, form: () => many(4) },
  { why: 'more files than a request may have', status: 413, limits: { maxFiles: 2 }, form: () => many(3) },
  {
    why: 'more fields than a request may have',
    status: 413,
    limits: { maxFields: 5 },
    form: () => withFields(6),
  },
  {
    why: 'more parts than a request may have',
    status: 413,
    limits: { maxParts: 5 },
    form: () => withFields(8),
  },
  {
    why: 'a field that is too long',
    status: 413,
    limits: { maxFieldBytes: 10 },
    form: () => withFields(1, 'x'.repeat(11)),
  },
  { why: 'a file in a field that takes none', status: 400, form: () => formOf({ evil: ['a.txt', 'x'] }) },
  {
    why: 'a file in a field named like a method',
    status: 400,
    form: () => formOf({ toString1: ['a.txt', 'x'] }),
  },
  { why: 'a type that is not allowed', status: 415, form: () => formOf({ avatar: ['a.exe', 'MZ'] }) },
  {
    why: 'a page that calls itself an avatar',
    status: 415,
    form: () => formOf({ avatar: ['a.html', '<script>'] }),
  },
  {
    why: 'a script that is called an image',
    status: 400,
    form: () => formOf({ avatar: ['a.png', '<script>'] }),
  },
  { why: 'an image of another kind', status: 400, form: () => formOf({ avatar: ['a.png', GIF] }) },
  { why: 'a double extension', status: 415, form: () => formOf({ avatar: ['cat.png.html', PNG] }) },
]

for (const { why, status, form, limits = {} } of REFUSALS) {
  onEveryStorage(`refused with ${status}, nothing left: ${why}`, async (context, storage) => {
    const { post, all } = await startForm(context, undefined, { limits, storage })
    const answer = await post(form())
    assert.equal(answer.status, status, await answer.clone().text())
    assert.deepEqual(await all(), [])
  })
}

const ILLUSTRATOR = Buffer.from(
  `<?xml version="1.0"?>\n<!-- ${'Generator '.repeat(900)} -->\n<!DOCTYPE svg [\n<!ENTITY ns "http://a/?x>y">\n]>\n<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>`,
)

onEveryStorage(
  'pictures with rare beginnings and extensions are taken and shown as what they are',
  async (context, storage) => {
    const files = { picture: { uploadTo: '', types: ['image/*'], maxFiles: 10 } }
    const { post, origin } = await startForm(context, files, {
      storage,
      inline: ['image/*', 'image/svg+xml'],
    })
    const pictures = [
      ['a.svg', ILLUSTRATOR, 'image/svg+xml'],
      ['a.jfif', JPEG, 'image/jpeg'],
      ['a.jpe', JPEG, 'image/jpeg'],
      ['a.avif', Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0miafavif'), 'image/avif'],
      ['a.cur', Buffer.from('\0\0\x02\0'), 'image/x-icon'],
      ['a.apng', PNG, 'image/png'],
    ] as const
    const form = pictures.map(([name, bytes], at) => [`picture${at}`, [name, bytes] as const] as const)
    assert.equal((await post(formOf(Object.fromEntries(form)))).status, 200)
    for (const [name, , type] of pictures) {
      const { headers } = await fetch(`${origin}/media/${name}`)
      assert.deepEqual(
        [headers.get('content-type'), headers.get('content-disposition')],
        [type, 'inline'],
        name,
      )
    }
  },
)

const HOSTILE_NAMES: readonly (readonly [sent: string, stored: string])[] = [
  ['../../../etc/passwd', 'papers/passwd'],
  ['..\\..\\boot.ini', 'papers/boot.ini'],
  ['.htaccess', 'papers/htaccess'],
  ['evil.php\u0000.txt', 'papers/evil.php.txt'],
  ['con.txt', 'papers/_con.txt'],
  [`${'x'.repeat(300)}.txt`, `papers/${'x'.repeat(251)}.txt`],
  ['a%2F..%2Fb.txt', 'papers/a%2F..%2Fb.txt'],
]

for (const [sent, name] of HOSTILE_NAMES) {
  test(`a file called ${JSON.stringify(sent.slice(0, 30))} is stored inside, under a safe name`, async (context) => {
    const { port, stored } = await startForm(context)
    // Written by hand: FormData would escape what a hostile client doesn't.
    const head = `--b\r\nContent-Disposition: form-data; name="paper"; filename="${sent}"\r\n\r\n`
    assert.match(await send(port, `${head}x\r\n--b--\r\n`), /^HTTP\/1\.1 200/)
    assert.deepEqual(stored(), [name])
  })
}

const MALFORMED: readonly (readonly [why: string, body: string, type?: string])[] = [
  ['no end', '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\nhalf'],
  ['no boundary in the header', '--b--', 'multipart/form-data'],
  ['rubbish', 'no multipart at all'],
  [
    'a field named __proto__',
    '--b\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\nx\r\n--b--\r\n',
  ],
]

for (const [why, body, type] of MALFORMED) {
  test(`a malformed form is the client's fault: ${why}`, async (context) => {
    const { port, stored } = await startForm(context)
    assert.match(await send(port, body, type), /^HTTP\/1\.1 400/)
    assert.deepEqual(stored(), [])
  })
}

test('a request that is no form is refused with 415', async (context) => {
  const { origin, stored } = await startForm(context)
  const answer = await fetch(`${origin}/form`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(answer.status, 415)
  assert.deepEqual(stored(), [])
})

test('a client that hangs up in the middle leaves nothing', async (context) => {
  const { port, stored } = await startForm(context)
  const socket = connect(port, '127.0.0.1')
  const head = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
  socket.write(`${requestHead(1_000_000)}${head}${'x'.repeat(50_000)}`)
  await until(() => stored().length === 1, 'the upload has begun')
  socket.destroy()
  await until(() => stored().length === 0, 'what was begun is removed')
})

test('a flood is answered before it ends, and the connection does not stay open for it', async (context) => {
  const { port, stored } = await startForm(context, undefined, { limits: { maxFileBytes: 1000 } })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const head = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
  socket.write(`${requestHead(10_000_000)}${head}`)
  const flood = setInterval(() => socket.write('x'.repeat(10_000)), 1)
  context.after(() => clearInterval(flood))
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 413/)
  socket.destroy()
  assert.deepEqual(stored(), [])
})

test('a length that is too large is refused before the body is read', async (context) => {
  const { port } = await startForm(context, undefined, { limits: { maxRequestBytes: 1000 } })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(requestHead(100_000_000))
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 413/)
  socket.destroy()
})

test('a quota reserves before, commits after and rolls back what failed', async (context) => {
  const log: string[] = []
  const quota: MediaOptions['quota'] = {
    reserve(_request, { name, maxBytes }) {
      log.push(`reserve ${name} ${maxBytes}`)
      return {
        maxBytes: 5,
        commit: (bytes) => void log.push(`commit ${bytes}`),
        rollback: () => void log.push('rollback'),
      }
    },
  }
  const { post, stored } = await startForm(context, { paper: { uploadTo: 'p', maxBytes: 50 } }, { quota })
  assert.equal((await post(formOf({ paper: ['a.txt', 'fine'] }))).status, 200)
  assert.equal((await post(formOf({ paper: ['b.txt', 'too long'] }))).status, 413)
  assert.deepEqual(log, ['reserve p/a.txt 50', 'commit 4', 'reserve p/b.txt 50', 'rollback'])
  assert.deepEqual(stored(), ['p/a.txt'])
})

test('a quota that fails to commit leaves nothing stored', async (context) => {
  const lease = {
    maxBytes: 100,
    commit: () => {
      throw Object.assign(new Error('over quota'), { statusCode: 413 })
    },
    rollback: () => undefined,
  }
  const { post, stored } = await startForm(
    context,
    { paper: { uploadTo: '' } },
    { quota: { reserve: () => lease } },
  )
  assert.equal((await post(formOf({ paper: ['a.txt', 'x'] }))).status, 413)
  assert.deepEqual(stored(), [])
})

test('a function that would store outside is refused, and its file with it', async (context) => {
  const { post, stored } = await startForm(context, { paper: { uploadTo: () => '../outside.txt' } })
  assert.equal((await post(formOf({ paper: ['a.txt', 'x'] }))).status, 500)
  assert.deepEqual(stored(), [])
})

const part = (headers: string, text: string) =>
  `--b\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${text}\r\n`

onEveryStorage('text fields arrive as sent, and repeated ones as a list', async (context, storage) => {
  const { port } = await startForm(context, undefined, { storage })
  const numbers = '{"id":12345678901234567890,"price":1.10, "__proto__":1}'
  const body = [
    part('name="json"\r\nContent-Type: application/json', numbers),
    part('name="broken"\r\nContent-Type: application/json; charset=utf-8', '{"half'),
    part('name="tag"', 'one'),
    part('name="tag"', 'two'),
    part('name="tag"', ' three '),
    part('name="number"', '1.10'),
    part('name="paper"; filename="a.json"\r\nContent-Type: application/json', '{"a":1.0}'),
  ]
  const answer = await send(port, `${body.join('')}--b--\r\n`)
  const { files, fields } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
  assert.deepEqual(fields, {
    json: numbers,
    broken: '{"half',
    tag: ['one', 'two', ' three '],
    number: '1.10',
  })
  assert.deepEqual([files[0].name, files[0].size], ['papers/a.json', 9])
})

test('a JSON field has the limit of a field, not of a file', async (context) => {
  const { port, stored } = await startForm(context, undefined, { limits: { maxFieldBytes: 10, maxFiles: 1 } })
  const json = 'Content-Type: application/json'
  const long = part(`name="a"\r\n${json}`, '"more than ten"')
  assert.match(await send(port, `${long}--b--\r\n`), /^HTTP\/1\.1 413/)
  const many = ['a', 'b', 'c'].map((name) => part(`name="${name}"\r\n${json}`, '1')).join('')
  assert.match(await send(port, `${many}--b--\r\n`), /^HTTP\/1\.1 200/)
  assert.deepEqual(stored(), [])
})

for (const encoding of ['base64', 'quoted-printable']) {
  onEveryStorage(`a part in ${encoding} is refused, not stored as it is`, async (context, storage) => {
    const { port, all } = await startForm(context, undefined, { storage })
    for (const name of ['name="paper"; filename="a.txt"', 'name="title"']) {
      const body = part(`${name}\r\nContent-Transfer-Encoding: ${encoding}`, 'aGVsbG8=')
      assert.match(await send(port, `${body}--b--\r\n`), /^HTTP\/1\.1 415/)
    }
    const plain = part('name="paper"; filename="a.txt"\r\nContent-Transfer-Encoding: 8BIT', 'hello')
    assert.match(await send(port, `${plain}--b--\r\n`), /^HTTP\/1\.1 200/)
    assert.deepEqual(await all(), ['papers/a.txt'])
  })
}

/** An app whose parser has read the form before the handler. */
async function startAttaching(
  context: TestContext,
  storage: Storage,
  attachFieldsToBody: true | 'keyValues',
) {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(multipart, { attachFieldsToBody })
  await app.register(media, { storage, production: false })
  app.post('/form', async (request) => {
    const { files, fields } = await request.saveUploads({ files: { paper: { uploadTo: 'p', maxFiles: 2 } } })
    return { files: files.map(({ name }) => name), fields: Object.fromEntries(fields) }
  })
  app.post('/part', async (request) => {
    const { paper } = request.body as { paper: UploadPart }
    return app.media.save(paper, { uploadTo: 'p', request })
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const post = (path: string, body: FormData) => fetch(origin + path, { method: 'POST', body })
  return { post }
}

onEveryStorage('a form that attachFieldsToBody has read is stored all the same', async (context, storage) => {
  const { post } = await startAttaching(context, storage, true)
  const form = formOf({ paper1: ['a.txt', 'hello'], paper2: ['b.txt', 'world'] })
  form.append('title', 'x')
  const answer = await (await post('/form', form)).json()
  assert.deepEqual(answer, { files: ['p/a.txt', 'p/b.txt'], fields: { title: 'x' } })
  assert.equal((await storage.read('p/a.txt')).toString(), 'hello')
  assert.equal((await post('/part', formOf({ paper: ['c.txt', 'one part'] }))).status, 200)
  assert.equal((await storage.read('p/c.txt')).toString(), 'one part')
})

onEveryStorage('file names that attachFieldsToBody threw away are an error', async (context, storage) => {
  const { post } = await startAttaching(context, storage, 'keyValues')
  const answer = await post('/form', formOf({ paper: ['a.txt', 'hello'] }))
  assert.equal(answer.status, 500)
  assert.match(await answer.text(), /attachFieldsToBody/)
})

test('a form that was read before is an error, not a request that hangs', async (context) => {
  const { origin } = await startMediaApp(context, {}, (app) => {
    app.post('/form', async (request) => {
      for await (const each of request.parts()) if (each.type === 'file') await each.toBuffer()
      return request.saveUploads({ files: { paper: { uploadTo: 'p' } } })
    })
  })
  const answer = await fetch(`${origin}/form`, { method: 'POST', body: formOf({ paper: ['a.txt', 'x'] }) })
  assert.match(await answer.text(), /read before saveUploads/)
})

test('a client that stalls is cut off, and what it began is removed', async (context) => {
  const released: string[] = []
  const quota: MediaOptions['quota'] = {
    reserve: () => ({
      maxBytes: 1e6,
      commit: () => undefined,
      rollback: () => void released.push('rollback'),
    }),
  }
  const { port, stored } = await startForm(context, undefined, { stallSeconds: 1, quota })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const head = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
  socket.write(`${requestHead(1_000_000)}${head}${'x'.repeat(50_000)}`)
  await once(socket, 'close')
  await until(() => released.length === 1, 'its quota is given back')
  assert.deepEqual(stored(), [])
})

test('a client that sends little, but does send, is not cut off', async (context) => {
  const limits = { minBytesPerSecond: 10 }
  const { port, stored } = await startForm(context, undefined, { stallSeconds: 1, limits })
  const text = part('name="paper"; filename="a.txt"', 'slow and steady')
  const body = `${text}--b--\r\n`
  const socket = connect(port, '127.0.0.1')
  socket.write(requestHead(body.length))
  for (const piece of body.match(/[\s\S]{1,30}/g) ?? []) {
    socket.write(piece)
    await sleep(400)
  }
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 200/)
  assert.deepEqual(stored(), ['papers/a.txt'])
})

test('more uploads at once than allowed are told to try again', async (context) => {
  const { port, post } = await startForm(context, undefined, { limits: { maxActive: 1 } })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`${requestHead(1_000_000)}${part('name="title"', 'x')}`)
  await until(() => socket.bytesWritten > 0, 'it has begun')
  await sleep(100)
  const paper = () => formOf({ paper: ['a.txt', 'x'] })
  const refused = await post(paper())
  assert.equal(refused.status, 503)
  assert.match(await refused.text(), /Too many uploads/)
  socket.destroy()
  let status = 503
  for (let attempt = 0; attempt < 100 && status === 503; attempt++) {
    await sleep(20)
    status = (await post(paper())).status
  }
  assert.equal(status, 200)
})

test('a limit is named by what it is a limit of', async (context) => {
  const limits = { maxRequestBytes: 100, maxFileBytes: 100 }
  const { post } = await startForm(context, undefined, { limits })
  const full = await post(formOf({ paper1: ['a.txt', 'x'.repeat(100)], paper2: ['b.txt', 'x'] }))
  assert.match(await full.text(), /The form has more than 100 bytes/)
  const quota = { reserve: () => ({ maxBytes: 0, commit: () => undefined, rollback: () => undefined }) }
  const none = await startForm(context, undefined, { quota })
  const answer = await none.post(formOf({ paper: ['a.txt', 'x'] }))
  assert.equal(answer.status, 413)
  assert.match(await answer.text(), /quota leaves 0 bytes/)
})

function requestHead(length: number, type = 'multipart/form-data; boundary=b'): string {
  return `POST /form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`
}

/** Sends one form byte by byte as written and gives the whole answer. */
async function send(port: number, body: string, type?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(requestHead(Buffer.byteLength(body), type) + body)
  let answer = ''
  for await (const piece of socket) answer += piece
  return answer
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (holds()) return
    await sleep(10)
  }
  assert.fail(`After five seconds it isn't so that ${what}.`)
}
