import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, utimesSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { withLock } from '../../../src/builder/publish/lock.ts'
import { FingerpostError } from '../../../src/core/error.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { asNobody } from '../../support/nobody.ts'
import { makeTree, readTree } from '../../support/tree.ts'

const quiet = { report: () => undefined, signal: new AbortController().signal }

const plant = (storage: Storage, holder: unknown) =>
  storage.save(
    '.fingerpost/lock-0',
    Buffer.from(typeof holder === 'string' ? holder : JSON.stringify(holder)),
  )

async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  return keys
}

test('of any number of holders only one is at work, and all come to their turn', async () => {
  const storage = createMemoryStorage()
  let working = 0
  let most = 0
  const turns = Array.from({ length: 6 }, () =>
    withLock(storage, quiet, async () => {
      working++
      most = Math.max(most, working)
      await setTimeout(5)
      working--
    }),
  )
  await Promise.all(turns)
  assert.equal(most, 1)
  assert.deepEqual(await keysOf(storage), [])
})

test('the lock is given back when the work fails', async () => {
  const storage = createMemoryStorage()
  await assert.rejects(
    withLock(storage, quiet, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 'mine'), 'mine')
})

test('who waits too long is told who holds the output, and for how long', async () => {
  const storage = createMemoryStorage()
  const events: unknown[] = []
  const options = { ...quiet, waitSeconds: 0, report: (event: unknown) => events.push(event) }
  await withLock(storage, quiet, async () => {
    await assert.rejects(
      withLock(storage, options, async () => undefined),
      {
        code: 'FP_LOCKED',
        message: new RegExp(`held by process ${process.pid} on ${hostname()} for \\d+ seconds`),
      },
    )
  })
  assert.deepEqual(await keysOf(storage), [])
})

test('the lock of a process that is gone is removed, with what it left half-written', async (context) => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  const root = makeTree(context, { '.fingerpost-0123456789abcdef.tmp': 'half', 'a.txt': 'a' })
  const storage = createFilesystemStorage({ root })
  await plant(storage, { pid: child.pid, host: hostname(), processStart: '1' })
  assert.equal(await withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 'mine'), 'mine')
  assert.deepEqual([...readTree(root).keys()], ['a.txt'])
})

test('a process number that was given to another process does not hold the lock', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  const storage = createMemoryStorage()
  await plant(storage, { pid: process.pid, host: hostname(), processStart: '1' })
  assert.equal(await withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 'mine'), 'mine')
})

test('a process number that was given to a process of somebody else does not hold the lock', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  const isRoot = process.geteuid?.() === 0
  const other = isRoot ? spawn('sleep', ['30'], { uid: 65_533 }) : undefined
  context.after(() => other?.kill())
  const storage = createMemoryStorage()
  await plant(storage, { pid: other?.pid ?? 1, host: hostname(), processStart: '0' })
  const work = () => withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 'mine')
  assert.equal(await asNobody(work), 'mine')
})

test('a process that has ended does not hold the lock, though nobody has buried it', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc')
  const parent = spawn('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30'])
  context.after(() => parent.kill())
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(String(line))
  // A shell would bury its child.
  while (readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n') await setTimeout(5)
  process.kill(pid)
  const fieldsOf = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  while (fieldsOf()[0] !== 'Z') await setTimeout(5)
  const storage = createMemoryStorage()
  await plant(storage, { pid, host: hostname(), processStart: fieldsOf()[19] })
  assert.equal(await withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 'mine'), 'mine')
})

test('a holder on another machine is believed for an hour', async () => {
  const now = Date.now()
  const elsewhere = { pid: 1, host: 'elsewhere', processStart: '1' }
  const young = createMemoryStorage({ now: () => new Date(now - 50 * 60_000) })
  await plant(young, elsewhere)
  await assert.rejects(
    withLock(young, { ...quiet, waitSeconds: 0 }, async () => 1),
    { code: 'FP_LOCKED' },
  )
  const old = createMemoryStorage({ now: () => new Date(now - 70 * 60_000) })
  await plant(old, elsewhere)
  assert.equal(await withLock(old, { ...quiet, waitSeconds: 0 }, async () => 'mine'), 'mine')
})

test('a lock that can not be read counts as held until it is old', async () => {
  const storage = createMemoryStorage()
  await plant(storage, '{"pid":')
  await assert.rejects(
    withLock(storage, { ...quiet, waitSeconds: 0 }, async () => 1),
    { code: 'FP_LOCKED' },
  )
})

test('an announcement that another one swept away is made again', async () => {
  const storage = createMemoryStorage()
  let saves = 0
  const swept: Storage = {
    ...storage,
    async save(key, ...rest) {
      if (++saves === 1) throw new FingerpostError('FP_NOT_FOUND', 'swept')
      return storage.save(key, ...rest)
    },
  }
  assert.equal(await withLock(swept, quiet, async () => 'mine'), 'mine')
  assert.equal(saves, 2)
})

test('waiting ends with the signal', async () => {
  const storage = createMemoryStorage()
  await withLock(storage, quiet, async () => {
    const signal = AbortSignal.timeout(20)
    await assert.rejects(withLock(storage, { ...quiet, signal }, async () => undefined))
  })
  assert.deepEqual(await keysOf(storage), [])
})

test('what was left by one that died while announcing itself goes with the next lock, unless it is young', async (context) => {
  const left = '.fingerpost/.fingerpost-0123456789abcdef.tmp'
  const root = makeTree(context, {
    [left]: '{"pid"',
    'a/.fingerpost-0123456789abcdef.tmp': 'not ours to judge',
  })
  const storage = createFilesystemStorage({ root })
  await withLock(storage, quiet, async () => undefined)
  assert.ok(readTree(root).has(left))
  const longAgo = new Date(Date.now() - 3_600_000)
  utimesSync(join(root, left), longAgo, longAgo)
  await withLock(storage, quiet, async () => undefined)
  assert.deepEqual([...readTree(root).keys()], ['a/.fingerpost-0123456789abcdef.tmp'])
})
