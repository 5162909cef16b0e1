import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { FingerpostError } from '../../../src/core/error.ts'
import { media } from '../../../src/media/plugin.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { startMediaApp } from '../../support/media-app.ts'

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
