import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { FingerpostError } from '../../../src/core/error.ts'
import { media } from '../../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { describeFault } from '../../../src/storage/fault.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { formOf, startMediaApp } from '../../support/media-app.ts'
import { makeTree } from '../../support/tree.ts'

const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

/** A storage whose disk or server is gone; its error names what no visitor should read. */
function createBrokenStorage(): Storage {
  const refuse = async (): Promise<never> => {
    throw new FingerpostError('FP_STORAGE', 'folder /srv/secret/media refused to stat a.txt: EIO.')
  }
  return { ...createMemoryStorage(), stat: refuse, save: refuse }
}

function assertSafe(answer: Response): void {
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(answer.headers.get('content-security-policy'), "default-src 'none'; sandbox")
  assert.equal(answer.headers.get('cross-origin-resource-policy'), 'same-origin')
  assert.equal(answer.headers.get('cache-control'), 'no-store')
}

test('a fault of the storage tells visitors nothing of it, and is kept by nobody', async (context) => {
  const { app, origin } = await startMediaApp(context, { storage: createBrokenStorage(), keys: KEYS })
  const put = origin + (await app.media.signedUrl('a.txt', { method: 'PUT' }))
  for (const answer of [
    await fetch(`${origin}/media/a.txt`),
    await fetch(put, { method: 'PUT', body: 'x' }),
  ]) {
    assert.equal(answer.status, 500)
    assertSafe(answer)
    assert.doesNotMatch(await answer.text(), /secret|folder/)
  }
})

/** What an app's routes may do with files. */
const ROUTES: Readonly<Record<string, (app: FastifyInstance, request: FastifyRequest) => unknown>> = {
  form: (_app, request) => request.saveUploads({ files: { f: { uploadTo: 'folder' } } }),
  replacing: (_app, request) =>
    request.saveUploads({ files: { f: { uploadTo: () => 'folder/a', overwrite: true } } }),
  part: async (app, request) =>
    app.media.save((await request.file()) ?? assert.fail('no file'), { uploadTo: 'folder', request }),
  save: (app) => app.media.files.save('folder/a.txt', Buffer.from('x')),
  read: (app) => app.media.files.read('folder/a.txt'),
  open: async (app) => {
    for await (const piece of app.media.files.open('folder/a.txt')) return piece
    return undefined
  },
  size: (app) => app.media.files.size('none.txt'),
  link: (app) => app.media.files.read('link/a.txt'),
  delete: (app) => app.media.delete('link/a.txt'),
  direct: (app) => app.media.direct.complete('ticket'),
}

test('no route of an app shows where files are, and the log does', async (context) => {
  const top = makeTree(context, { 'media/folder': 'a file where a folder is needed', 'outside/a.txt': 'x' })
  const root = join(top, 'media')
  symlinkSync(join(top, 'outside'), join(root, 'link'))
  const logged: string[] = []
  const app = Fastify({
    forceCloseConnections: true,
    logger: { stream: { write: (line) => void logged.push(line) } },
  })
  context.after(() => app.close())
  await app.register(media, { storage: createFilesystemStorage({ root }), production: false })
  for (const [name, work] of Object.entries(ROUTES))
    app.post(`/${name}`, async (request) => (await work(app, request)) ?? 'done')
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  for (const name of Object.keys(ROUTES)) {
    const isForm = ['form', 'replacing', 'part'].includes(name)
    logged.length = 0
    const body = isForm ? formOf({ f: ['a.txt', 'x'] }) : null
    const answer = await fetch(`${origin}/${name}`, { method: 'POST', body })
    const text = await answer.text()
    assert.equal(answer.status, 500, `${name}: ${text}`)
    assert.ok(!text.includes(top), `${name}: ${text}`)
    if (isForm) {
      assert.match(text, /"code":"FP_STORAGE",.*"message":"The file could not be saved."/)
      assert.ok(logged.some((line) => line.includes(root) && line.includes('ENOTDIR')))
    }
  }
})

test('a full disk is told by its status', async (context) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const save = async (): Promise<never> => {
    throw describeFault(full, { storage: 'folder /srv/secret', key: 'a.txt', doing: 'save' })
  }
  const storage = { ...createMemoryStorage(), save }
  const { origin } = await startMediaApp(context, { storage }, (app) => {
    app.post('/form', (request) => request.saveUploads({ files: { f: { uploadTo: '' } } }))
  })
  const answer = await fetch(`${origin}/form`, { method: 'POST', body: formOf({ f: ['a.txt', 'x'] }) })
  assert.equal(answer.status, 507)
  assert.doesNotMatch(await answer.text(), /secret/)
})

test("a visitor's mistake is worded by the app's own handler, with the headers of every answer", async (context) => {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) =>
    reply.code(413).send(`own words: ${error.code}`),
  )
  const storage = createMemoryStorage()
  await app.register(media, { storage, keys: KEYS, limits: { maxFileBytes: 10 }, production: false })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const put = origin + (await app.media.signedUrl('a.txt', { method: 'PUT' }))
  const answer = await fetch(put, { method: 'PUT', body: 'x'.repeat(11) })
  assert.deepEqual([answer.status, await answer.text()], [413, 'own words: FP_LIMIT'])
  assertSafe(answer)
})
