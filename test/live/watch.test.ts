import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext, test } from 'node:test'
import { takePageSnapshot } from '../../src/live/page-snapshot.ts'
import { type LiveWatchOptions, startLiveWatch } from '../../src/live/watch.ts'
import { makeTree } from '../support/tree.ts'

/** A watch over a folder with two folders in it. Each check is counted, and finds what `found` says. */
function setUp(context: TestContext, openWatcher?: LiveWatchOptions['openWatcher']) {
  const folder = makeTree(context, { 'a/x.css': '', 'b/y.css': '', 'node_modules/z/z.css': '' })
  const faults: string[] = []
  const checks: { readonly isNew: boolean }[] = []
  const state = { found: false }
  const watching = startLiveWatch({
    folders: [folder],
    async check(hint) {
      checks.push(hint)
      return state.found
    },
    onPolling: (reason) => faults.push((reason as Error).message),
    ...(openWatcher && { openWatcher }),
  })
  context.after(() => watching.close())
  return { folder, faults, checks, state, watching }
}

/** A watcher that reports what the test tells it to report, and nothing else. */
function fakeWatcher() {
  const watcher = Object.assign(new EventEmitter(), {
    isOpen: true,
    close() {
      this.isOpen = false
    },
  })
  const open = async () => {
    setImmediate(() => watcher.emit('ready'))
    return watcher
  }
  return { watcher, open }
}

/** Waits for something that will be so; the runner's limit is the limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 10))
}

function failing(code: string): Error {
  return Object.assign(new Error(`${code}: no more`), { code })
}

// They wait more than they work.
describe('a live watch', { concurrency: true }, () => {
  it('a save is checked, in a folder made later as well, and saves that come together are checked once', async (context) => {
    const { folder, checks, faults } = setUp(context)
    await until(() => checks.length > 0)
    const before = checks.length
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, 'a/x.css'), `${i}`)
    await until(() => checks.length > before)
    assert.ok(checks.length - before < 10, `${checks.length - before} checks at 20 writes`)
    mkdirSync(join(folder, 'new'))
    await until(() => checks.at(-1)?.isNew === true)
    // The watch of the new folder may stand a moment after its creation was reported.
    const later = checks.length
    const writing = setInterval(() => writeFileSync(join(folder, 'new/z.css'), String(Math.random())), 50)
    await until(() => checks.length > later)
    clearInterval(writing)
    assert.deepEqual(faults, [])
  })

  it('ignored folders are not watched, unless they are named', async (context) => {
    const { folder, checks } = setUp(context)
    await until(() => checks.length > 0)
    const before = checks.length
    writeFileSync(join(folder, 'node_modules/z/z.css'), 'new')
    await new Promise((done) => setTimeout(done, 300))
    assert.equal(checks.length, before)
    let named = 0
    const watching = startLiveWatch({
      folders: [join(folder, 'node_modules')],
      check: async () => ++named < 0,
      onPolling: () => assert.fail(),
    })
    context.after(() => watching.close())
    await until(() => named === 1)
    writeFileSync(join(folder, 'node_modules/z/z.css'), 'newer')
    await until(() => named === 2)
  })

  it('every write of a save is reported, however close together', async (context) => {
    const { folder, checks } = setUp(context)
    await until(() => checks.length > 0)
    for (let write = 0; write < 10; write++) {
      const before = checks.length
      writeFileSync(join(folder, 'a/x.css'), `${write}`)
      // Right after the check of the write before: chokidar reports one change in 50 ms.
      await until(() => checks.length > before)
    }
  })

  for (const code of ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS', 'ENOTSUP']) {
    it(`where a watch fails with ${code}, all are closed, one warning is given, and files are polled`, async (context) => {
      const { watcher, open } = fakeWatcher()
      const { checks, faults } = setUp(context, open)
      await until(() => checks.length > 0)
      watcher.emit('error', failing(code))
      watcher.emit('error', failing(code))
      await until(() => checks.length >= 3)
      assert.deepEqual(faults, [`${code}: no more`])
      assert.equal(watcher.isOpen, false)
    })
  }

  it('watches that can not be opened are replaced by polling', async (context) => {
    const { checks, faults } = setUp(context, () => Promise.reject(failing('ENOENT')))
    await until(() => checks.length >= 3)
    assert.deepEqual(faults, ['ENOENT: no more'])
  })

  it('an error of a single folder changes nothing', async (context) => {
    const { watcher, open } = fakeWatcher()
    const { checks, faults } = setUp(context, open)
    await until(() => checks.length > 0)
    watcher.emit('error', failing('EPERM'))
    assert.deepEqual(faults, [])
    assert.equal(watcher.isOpen, true)
  })

  it('after a change without an event, events are no longer trusted', async (context) => {
    const { open } = fakeWatcher()
    const { checks, faults, state } = setUp(context, open)
    state.found = true
    await until(() => faults.length > 0)
    assert.deepEqual(faults, ['a file changed without a file system event'])
    const before = checks.length
    await until(() => checks.length >= before + 2)
  })

  it('a change before all watches stand is no reason for distrust', async (context) => {
    const { checks, faults, state } = setUp(context, async () => fakeWatcher().watcher)
    state.found = true
    await until(() => checks.length >= 2)
    assert.deepEqual(faults, [])
  })

  it('changes that events report keep the trust in them', async (context) => {
    const { watcher, open } = fakeWatcher()
    const { faults, state, checks } = setUp(context, open)
    state.found = true
    const reporting = setInterval(() => watcher.emit('raw', 'change'), 100)
    await new Promise((done) => setTimeout(done, 4000))
    clearInterval(reporting)
    assert.deepEqual(faults, [])
    assert.ok(checks.length > 3)
  })

  it('after it is closed a watch checks nothing more', async (context) => {
    const { folder, checks, watching } = setUp(context)
    await until(() => checks.length > 0)
    watching.close()
    const before = checks.length
    writeFileSync(join(folder, 'a/x.css'), 'late')
    await new Promise((done) => setTimeout(done, 100))
    assert.equal(checks.length, before)
  })
})

test('a snapshot of folders tells of files that come, go and change, once', async (context) => {
  const folder = makeTree(context, { 'views/page.njk': 'one', 'node_modules/x/page.njk': '' })
  const snapshot = await takePageSnapshot([folder])
  assert.equal(await snapshot.hasChanged(), false)
  writeFileSync(join(folder, 'views/page.njk'), 'other')
  assert.equal(await snapshot.hasChanged(), true)
  assert.equal(await snapshot.hasChanged(), false)
  writeFileSync(join(folder, 'views/new.njk'), '')
  assert.equal(await snapshot.hasChanged(), true)
  writeFileSync(join(folder, 'node_modules/x/page.njk'), 'more')
  assert.equal(await snapshot.hasChanged(), false)
})
