import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Quota } from '../../src/media/options.ts'
import { startMediaApp } from '../support/media-app.ts'
import { createS3Lab } from '../support/s3.ts'
import { allIn, listStorages } from '../support/storages.ts'

const HALF = 500
const AT_ONCE = 50
/** A tenth of what the bodies of one half would take if they stayed. */
const MAX_GROWTH_BYTES = 1_000_000
const BODY_BYTES = 20_000

const lab = createS3Lab()
const openDescriptors = () => readdirSync('/proc/self/fd').length

/** Bytes in use, after everything that nothing refers to is gone. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Counts the leases that were neither committed nor rolled back. */
function countLeases() {
  const open = { leases: 0 }
  const quota: Quota<unknown> = {
    reserve() {
      open.leases++
      return { maxBytes: 1e9, commit: () => undefined, rollback: () => void open.leases-- }
    },
  }
  return { open, quota }
}

/** Sends the beginning of a form and hangs up. */
function abort(port: number, bytes: number): Promise<void> {
  const head = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
  const request = `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${bytes * 5}\r\n\r\n${head}`
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(request + 'x'.repeat(bytes), () => socket.destroy()),
    )
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
  })
}

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1000 && !holds(); attempt++) await sleep(10)
}

for (const [title, make] of listStorages()) {
  test(`in ${title}: a thousand aborted uploads leave no descriptor, file, reserved byte or memory`, {
    skip: process.platform !== 'linux',
  }, async (context) => {
    const storage = await make(context)
    if (storage === undefined) return
    let ended = 0
    const { open, quota } = countLeases()
    const { port } = await startMediaApp(context, { storage, quota }, (app) => {
      app.post('/form', (request) =>
        request.saveUploads({ files: { paper: { uploadTo: 'p', overwrite: true } } }).finally(() => ended++),
      )
    })
    const abortMany = async () => {
      const begun = ended
      for (let done = 0; done < HALF; done += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => abort(port, BODY_BYTES)))
        await until(() => ended >= begun + done)
      }
      await until(() => open.leases === 0)
    }
    await allIn(storage)
    const before = openDescriptors()
    await abortMany()
    // What leaks grows in every round; what the runtime keeps does so in one or two.
    let growth = Number.POSITIVE_INFINITY
    for (let round = 0; round < 4 && growth >= MAX_GROWTH_BYTES; round++) {
      const before = usedBytes()
      await abortMany()
      growth = usedBytes() - before
    }
    await until(() => openDescriptors() <= before)
    assert.ok(ended > HALF, `${ended} have begun`)
    assert.equal(open.leases, 0)
    assert.ok(openDescriptors() <= before, `${openDescriptors()} descriptors, ${before} before`)
    assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more after another ${HALF}`)
    assert.deepEqual(await allIn(storage), [])
  })
}

test('uploads into a bucket that are aborted between their parts leave nothing either', async (context) => {
  const partBytes = 5 * 1024 * 1024
  const storage = await lab.storage(context, { partBytes })
  if (storage === undefined) return
  const { open, quota } = countLeases()
  let ended = 0
  const limits = { maxFileBytes: partBytes * 10 }
  const { port } = await startMediaApp(context, { storage, quota, limits }, (app) => {
    app.post('/form', (request) =>
      request.saveUploads({ files: { paper: { uploadTo: 'p' } } }).finally(() => ended++),
    )
  })
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 4 }, () => abort(port, partBytes + 1_000_000)))
  await until(() => ended === 20 && open.leases === 0)
  assert.deepEqual([ended, open.leases], [20, 0])
  assert.deepEqual(await allIn(storage), [])
})
