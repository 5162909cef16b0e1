import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveUploadTo, type UploadTo } from '../../../src/media/upload/upload-to.ts'

const NOW = new Date('2026-03-01T23:05:09Z')
const FILE = { field: 'avatar', filename: 'cat.png', claimedType: 'image/png' }
const resolve = (uploadTo: UploadTo<string>) => resolveUploadTo(uploadTo, 'ada', FILE, NOW)

test('a folder may have the date in it, in UTC', async () => {
  assert.equal(await resolve('avatars/%Y/%m'), 'avatars/2026/03/cat.png')
  assert.equal(await resolve('%d-%H-%M-%S/%j/100%%'), '01-23-05-09/060/100%/cat.png')
  assert.equal(await resolve(''), 'cat.png')
  assert.equal(await resolve('/avatars//'), 'avatars/cat.png')
})

test('a function sees the request and the safe name', async () => {
  assert.equal(await resolve((user, file) => `users/${user}/${file.filename}`), 'users/ada/cat.png')
  const hostile = { ...FILE, filename: '../../etc/passwd' }
  assert.equal(await resolveUploadTo((_, file) => file.filename, '', hostile, NOW), 'passwd')
})

for (const key of ['../cat.png', '/etc/passwd', 'a/../../b', 'a\\..\\b', '.env', 'a/\0', '']) {
  test(`a function can not lead out of the root with ${JSON.stringify(key)}`, async () => {
    await assert.rejects(
      resolve(() => key),
      { code: 'FP_PATH' },
    )
  })
}

test('a folder can not lead out of the root', async () => {
  await assert.rejects(resolve('../avatars'), { code: 'FP_PATH' })
  await assert.rejects(resolve('avatars/..'), { code: 'FP_PATH' })
})
