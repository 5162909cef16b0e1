import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { startMediaApp } from '../support/media-app.ts'
import { makeTree, readTree } from '../support/tree.ts'

const UPLOADS = 1000
const AT_ONCE = 50

const openDescriptors = () => readdirSync('/proc/self/fd').length

test('a thousand aborted uploads leave no descriptor, no file and no reserved byte', {
  skip: process.platform !== 'linux',
}, async (context) => {
  const root = makeTree(context)
  let [reserved, ended] = [0, 0]
  const quota = {
    reserve: () => {
      reserved++
      return { maxBytes: 1e6, commit: () => undefined, rollback: () => void reserved-- }
    },
  }
  const storage = createFilesystemStorage({ root })
  const { port } = await startMediaApp(context, { storage, quota }, (app) => {
    app.post('/form', (request) =>
      request.saveUploads({ files: { paper: { uploadTo: 'p', overwrite: true } } }).finally(() => ended++),
    )
  })
  const head = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
  const request = `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n${head}`
  const abort = () =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(request + 'x'.repeat(20_000), () => socket.destroy()),
      )
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
    })
  const before = openDescriptors()
  for (let done = 0; done < UPLOADS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, abort))
    for (let attempt = 0; attempt < 500 && ended < done; attempt++) await sleep(10)
  }
  for (let attempt = 0; attempt < 500 && (reserved > 0 || openDescriptors() > before); attempt++)
    await sleep(10)
  assert.ok(ended > UPLOADS / 2, `${ended} have begun`)
  assert.equal(reserved, 0)
  assert.deepEqual([...readTree(root).keys()], [])
  assert.ok(openDescriptors() <= before, `${openDescriptors()} descriptors, ${before} before`)
})
