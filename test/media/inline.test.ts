import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentationOf } from '../../src/media/content/presentation.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openBrowser } from '../support/browser.ts'
import { PNG, SVG } from '../support/image.ts'
import { startMediaApp } from '../support/media-app.ts'
import { hasTool } from '../support/require.ts'
import { listStorages } from '../support/storages.ts'

const INLINE = ['image/*', 'application/pdf', 'video/*', 'audio/*', 'text/plain']

/** One second of silence, which every browser plays. */
function makeWav(): Buffer {
  const samples = 8000
  const wav = Buffer.alloc(44 + samples, 128)
  wav.write('RIFF\0\0\0\0WAVEfmt ', 'latin1')
  wav.writeUInt32LE(36 + samples, 4)
  wav.writeUInt32LE(16, 16)
  for (const [value, at] of [
    [1, 20],
    [1, 22],
    [1, 32],
    [8, 34],
  ] as const)
    wav.writeUInt16LE(value, at)
  for (const at of [24, 28]) wav.writeUInt32LE(8000, at)
  wav.write('data', 36)
  wav.writeUInt32LE(samples, 40)
  return wav
}

test('what the app allows is shown inside pages; nothing that runs ever is', () => {
  const shown = (name: string, head: Uint8Array, inline?: readonly string[]) => {
    const { contentType, contentDisposition } = presentationOf(
      name,
      head,
      inline === undefined ? {} : { inline },
    )
    return contentDisposition === 'inline' ? contentType : undefined
  }
  const none = Buffer.alloc(0)
  for (const name of ['a.pdf', 'a.mp4', 'a.mp3', 'a.txt']) assert.equal(shown(name, none), undefined, name)
  assert.equal(shown('a.pdf', none, INLINE), 'application/pdf')
  assert.equal(shown('a.mp4', none, INLINE), 'video/mp4')
  assert.equal(shown('a.flac', none, INLINE), 'audio/flac')
  assert.equal(shown('a.txt', none, INLINE), 'text/plain; charset=utf-8')
  assert.equal(shown('a.png', PNG, INLINE), 'image/png')
  assert.equal(shown('a.png', PNG, ['video/*']), undefined)
  assert.equal(shown('a.svg', SVG, INLINE), undefined, 'image/* is raster images')
  assert.equal(shown('a.svg', SVG, ['image/svg+xml']), 'image/svg+xml')
  assert.equal(shown('a.png', SVG, INLINE), undefined)
  for (const name of ['a.html', 'a.xhtml', 'a.xml', 'a.js', 'a.css', 'a.heic'])
    assert.equal(shown(name, none, INLINE), undefined, name)
})

for (const [where, make] of listStorages()) {
  test(`from ${where}: what the app allows is shown, with the headers that keep it harmless`, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    const types = { 'a.pdf': 'application/pdf', 'a.mp4': 'video/mp4', 'a.mp3': 'audio/mpeg' }
    for (const name of [...Object.keys(types), 'a.html']) await storage.save(name, Buffer.from('<script>'))
    const { origin } = await startMediaApp(context, { storage, inline: INLINE })
    const headersOf = async (name: string) => {
      const { headers } = await fetch(`${origin}/media/${name}`)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.match(
        headers.get('content-security-policy') ?? '',
        /^default-src 'none';.*sandbox(?!.*allow-scripts)/,
      )
      return [headers.get('content-type'), headers.get('content-disposition')]
    }
    for (const [name, type] of Object.entries(types))
      assert.deepEqual(await headersOf(name), [type, 'inline'])
    assert.deepEqual(await headersOf('a.html'), ['application/octet-stream', 'attachment; filename=a.html'])
  })
}

for (const type of ['text/html', '*/*', 'application/*', 'application/xml', 'text/*']) {
  test(`a type that a browser would run is refused at the start: ${type}`, async (context) => {
    await assert.rejects(startMediaApp(context, { inline: [type] }), {
      code: 'FP_CONFIG',
      message: /inline\[0\]/,
    })
  })
}

test('a browser plays a sound that is opened by itself, and runs no script with it', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const storage = createMemoryStorage()
  await storage.save('a.wav', makeWav())
  await storage.save('a.svg', SVG)
  const { origin } = await startMediaApp(context, { storage, inline: [...INLINE, 'image/svg+xml'] })
  const page = await (await openBrowser(context)).newPage()
  await page.goto(`${origin}/media/a.wav`)
  await page.waitForFunction('document.querySelector("video, audio").readyState === 4')
  const policy = (await fetch(`${origin}/media/a.wav`)).headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'.*sandbox/)
  await page.goto(`${origin}/media/a.svg`)
  assert.equal(await page.evaluate('window.hacked'), undefined)
})
