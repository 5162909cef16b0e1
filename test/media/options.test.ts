import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import {
  createFilesystemStorage,
  createLinkSigner,
  createMediaStorage,
  createMemoryStorage,
  type MediaOptions,
  media,
} from '../../src/media.ts'
import { createS3Storage } from '../../src/s3.ts'

const storage = createMemoryStorage()

/** What JavaScript may write, where TypeScript would not let it. */
const wrongly = <T>(value: unknown): T => value as T

for (const [options, message] of [
  [{}, /storage should be a storage, such as createFilesystemStorage.*; it is undefined/],
  [{ storage: 'uploads' }, /storage should be a storage.*; it is "uploads"/],
  [{ storage, prefix: '/m/' }, /no option "prefix" in the media plugin's options.*Options: storage, url/s],
  [{ storage, inlineSVG: true }, /no option "inlineSVG".*Did you mean inlineSvg/s],
  [{ storage, limits: { maxFileByte: 1 } }, /no option "maxFileByte" in limits.*maxFileBytes/s],
  [{ storage, limits: { maxFiles: '3' } }, /maxFiles should be a whole number from 0; it is "3"/],
  [{ storage, limits: { url: '/m/' } }, /no option "url" in limits.*stands beside it/s],
  [{ storage, private: 'invoices/' }, /private should be true, false, a list of prefixes or a function/],
  [{ storage, authorize: true }, /authorize should be a function/],
  [{ storage, send: 'nginx' }, /send should be 'app', 'redirect' or/],
  [{ storage, send: { location: '/x/' } }, /no option "location" in send/],
  [{ storage, send: {} }, /send should be \{ accel: '\/internal\/' \}/],
  [{ storage, static: { root: 'a' } }, /static should be \{ url:/],
  [{ storage, crossOriginResourcePolicy: 'none' }, /should be one of same-origin, same-site, cross-origin/],
  // What may be a secret doesn't reach a log.
  [{ storage, keys: 'secret' }, /^The keys for signed links can't be used: they are no list\.\n[^\n]*$/],
] as const) {
  test(`the media plugin refuses ${JSON.stringify({ ...options, ...('storage' in options && { storage: '…' }) })}`, async (context) => {
    const app = Fastify()
    context.after(() => app.close())
    await assert.rejects(async () => await app.register(media, wrongly<MediaOptions>(options)), {
      code: 'FP_CONFIG',
      message,
    })
  })
}

test('a storage that is told something wrong says what', () => {
  const cases: readonly [() => unknown, RegExp][] = [
    [
      () => createFilesystemStorage(wrongly('media')),
      /createFilesystemStorage's options should be an object/,
    ],
    [() => createFilesystemStorage(wrongly({})), /options should be \{ root: 'media' \} at least/],
    [() => createFilesystemStorage(wrongly({ dir: 'media' })), /no option "dir".*Options: root/s],
    [() => createFilesystemStorage({ root: 'a', fileMode: 644e3 }), /fileMode should be a whole number/],
    [() => createMemoryStorage(wrongly(5)), /createMemoryStorage's options should be an object/],
    [() => createS3Storage(wrongly({})), /should be \{ bucket: .my-bucket. \} at least/],
    [() => createS3Storage(wrongly({ bucket: 'my-bucket', Endpoint: 'https://x' })), /Did you mean endpoint/],
    [() => createS3Storage(wrongly({ bucket: 'my-bucket', prefix: 7 })), /prefix should be text/],
    [() => createMediaStorage(wrongly(undefined)), /storage should be a storage/],
    [() => createMediaStorage(storage, wrongly({ maxByte: 1 })), /Did you mean maxBytes/],
    [() => createLinkSigner(wrongly('secret'), Date.now), /they are no list/],
    [() => createLinkSigner(wrongly([{ id: 'a' }]), Date.now), /each is \{ id, secret \}/],
  ]
  for (const [make, message] of cases) assert.throws(make, { code: 'FP_CONFIG', message })
})
