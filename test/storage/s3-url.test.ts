import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseS3Url } from '../../src/storage/s3/options.ts'
import { createS3Storage } from '../../src/storage/s3/s3.ts'
import { createS3Lab } from '../support/s3.ts'

const lab = createS3Lab()

test('public addresses: path style, host style, AWS, CDN, public endpoint', () => {
  const url = (options: object) => createS3Storage({ bucket: 'my-bucket', ...options }).url('a b/ü+.png')
  assert.equal(
    url({ endpoint: 'http://s3.local:9000' }),
    'http://s3.local:9000/my-bucket/a%20b/%C3%BC%2B.png',
  )
  assert.equal(
    url({ endpoint: 'https://s3.example.com', pathStyle: false }),
    'https://my-bucket.s3.example.com/a%20b/%C3%BC%2B.png',
  )
  assert.equal(
    url({ region: 'eu-central-1', prefix: 'media' }),
    'https://my-bucket.s3.eu-central-1.amazonaws.com/media/a%20b/%C3%BC%2B.png',
  )
  assert.equal(url({ publicUrl: 'https://cdn.example/m' }), 'https://cdn.example/m/a%20b/%C3%BC%2B.png')
  assert.equal(
    url({ endpoint: 'http://inside:9000', publicEndpoint: 'https://s3.example.com' }),
    'https://s3.example.com/my-bucket/a%20b/%C3%BC%2B.png',
  )
})

for (const [option, value] of [
  ['bucket', 'Not A Bucket'],
  ['prefix', '../up'],
  ['endpoint', 'localhost'],
  ['publicUrl', 'cdn'],
] as const) {
  test(`the option ${option} with a value that can not work is refused`, () => {
    assert.throws(() => createS3Storage({ bucket: 'my-bucket', [option]: value }), { code: 'FP_CONFIG' })
  })
}

test('a signed address opens one file, with the disposition and type it was signed with', async (context) => {
  const storage = await lab.storage(context)
  if (storage === undefined) return
  await storage.save('a.txt', Buffer.from('secret'))
  assert.equal((await fetch(storage.url('a.txt'))).status, 403)
  const disposition = 'attachment; filename="letter.txt"'
  const signed = await storage.signedUrl('a.txt', { disposition, contentType: 'application/octet-stream' })
  const answer = await fetch(signed)
  assert.equal(await answer.text(), 'secret')
  assert.equal(answer.headers.get('content-disposition'), disposition)
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  assert.equal((await fetch(signed.replace('a.txt', 'b.txt'))).status, 403)
  assert.equal((await fetch(signed.replace('letter', 'better'))).status, 403)
  await assert.rejects(storage.signedUrl('a.txt', { expiresInSeconds: 604_801 }), { code: 'FP_CONFIG' })
})

test('a signed PUT takes exactly the type and size it was signed for', async (context) => {
  const storage = await lab.storage(context)
  if (storage === undefined) return
  const signed = await storage.signedUrl('a.png', {
    method: 'PUT',
    contentType: 'image/png',
    contentLength: 4,
  })
  const put = (body: string, type: string) =>
    fetch(signed, { method: 'PUT', body, headers: { 'Content-Type': type } })
  assert.equal((await put('four', 'text/html')).status, 403)
  assert.equal((await put('far too long', 'image/png')).status, 403)
  assert.equal(await storage.stat('a.png'), undefined)
  assert.equal((await put('four', 'image/png')).status, 200)
  assert.equal((await storage.read('a.png')).toString(), 'four')
})

test('a presigned form takes what its policy allows, and nothing else', async (context) => {
  const storage = await lab.storage(context)
  if (storage === undefined) return
  const { url, fields } = await storage.presignedPost('a.png', { maxBytes: 10, contentType: 'image/png' })
  const post = async (body: string, changes: Record<string, string> = {}) => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...fields, ...changes })) form.append(name, value)
    form.append('file', new Blob([body]), 'a.png')
    return (await fetch(url, { method: 'POST', body: form })).status
  }
  assert.ok((await post('eleven bytes')) >= 400, 'too long')
  assert.ok((await post('')) >= 400, 'empty')
  assert.ok((await post('ok', { key: `${storage.prefix}b.png` })) >= 400, 'another key')
  assert.ok((await post('ok', { 'Content-Type': 'text/html' })) >= 400, 'another type')
  assert.equal(await storage.stat('a.png'), undefined)
  assert.equal(await post('ok'), 204)
  assert.equal((await storage.read('a.png')).toString(), 'ok')
})

test('a bucket is named as s3://bucket/prefix', () => {
  assert.deepEqual(parseS3Url('s3://site'), { bucket: 'site', prefix: '' })
  assert.deepEqual(parseS3Url('s3://site/a/b/'), { bucket: 'site', prefix: 'a/b/' })
  for (const bad of ['site', 's3://', 's3://A', 'https://site', 's3:/site'])
    assert.throws(() => parseS3Url(bad), { code: 'FP_USAGE' }, bad)
})

test('an address that names no bucket says what is expected', () => {
  const message = (text: string) => {
    try {
      parseS3Url(text)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  assert.equal(message('bucket'), '"bucket" is not an S3 URL. Expected s3://BUCKET[/PREFIX].')
  assert.equal(message('s3://b'), 'Bucket name "b" is not valid: S3 names have 3 to 63 characters.')
  assert.match(
    message('s3://My_Bucket/a') ?? '',
    /^Bucket name "My_Bucket" is not valid: S3 names have lowercase/,
  )
})
