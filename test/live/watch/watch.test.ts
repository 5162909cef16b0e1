import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { type FSWatcher, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext, test } from 'node:test'
import { takeFolderSnapshot } from '../../../src/live/watch/folder-snapshot.ts'
import type { WatchFolder } from '../../../src/live/watch/folder-watch.ts'
import { startLiveWatch } from '../../../src/live/watch/watch.ts'
import { makeTree } from '../../support/tree.ts'

/** A watch over a folder with two folders in it. Each look is counted, and finds what `found` says. */
function setUp(context: TestContext, watchFolder?: WatchFolder) {
  const folder = makeTree(context, { 'a/x.css': '', 'b/y.css': '', 'node_modules/z/z.css': '' })
  const faults: string[] = []
  const looks: { readonly isNew: boolean }[] = []
  const state = { found: false }
  const watching = startLiveWatch({
    folders: [folder],
    ignoredNames: new Set(['node_modules']),
    async look(change) {
      looks.push(change)
      return state.found
    },
    onUnavailable: (error) => faults.push((error as Error).message),
    ...(watchFolder === undefined ? {} : { watchFolder }),
  })
  context.after(() => watching.close())
  return { folder, faults, looks, state, watching }
}

/** Waits for something that will be so; the runner's limit is the limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 10))
}

function failing(code: string): Error {
  return Object.assign(new Error(`${code}: no more`), { code })
}

/** A watch that never tells anything. */
const deaf: WatchFolder = () => Object.assign(new EventEmitter(), { close() {} }) as unknown as FSWatcher

// They wait more than they work.
describe('a live watch', { concurrency: true }, () => {
  it('a save rings, in a folder made later as well, and what comes together rings once', async (context) => {
    const { folder, looks, faults } = setUp(context)
    await until(() => looks.length > 0)
    const before = looks.length
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, 'a/x.css'), `${i}`)
    await until(() => looks.length > before)
    assert.ok(looks.length - before < 10, `${looks.length - before} looks at 20 writes`)
    mkdirSync(join(folder, 'new'))
    await until(() => looks.at(-1)?.isNew === true)
    // The new folder's watch may stand a moment after its making was told.
    const later = looks.length
    const writing = setInterval(() => writeFileSync(join(folder, 'new/z.css'), String(Math.random())), 50)
    await until(() => looks.length > later)
    clearInterval(writing)
    assert.deepEqual(faults, [])
  })

  for (const code of ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS', 'ENOTSUP']) {
    it(`where a watch fails with ${code}, all are closed, one warning is given, and files are looked at`, async (context) => {
      let open = 0
      const { looks, faults } = setUp(context, (folder, listener) => {
        if (folder.endsWith('/b')) throw failing(code)
        open++
        return Object.assign(deaf(folder, listener), { close: () => void open-- })
      })
      await until(() => looks.length >= 3)
      assert.deepEqual(faults, [`${code}: no more`])
      assert.equal(open, 0)
    })
  }

  it('a watch that runs out later, by an event, is given up in the same way', async (context) => {
    const watchers: EventEmitter[] = []
    const { looks, faults } = setUp(context, (folder, listener) => {
      const watcher = deaf(folder, listener)
      watchers.push(watcher)
      return watcher
    })
    await until(() => watchers.length === 3)
    watchers[1]?.emit('error', failing('EMFILE'))
    await until(() => looks.length >= 3)
    assert.deepEqual(faults, ['EMFILE: no more'])
  })

  it('a folder that goes is no reason to give up', async (context) => {
    const watchers: EventEmitter[] = []
    const { faults, looks } = setUp(context, (folder, listener) => {
      const watcher = deaf(folder, listener)
      watchers.push(watcher)
      if (folder.endsWith('/a')) throw failing('ENOENT')
      return watcher
    })
    await until(() => watchers.length === 3 && looks.length > 0)
    watchers[0]?.emit('error', failing('EPERM'))
    assert.deepEqual(faults, [])
  })

  it('what changes without a word is found, and from then on nothing is left to events', async (context) => {
    const { looks, faults, state } = setUp(context, deaf)
    state.found = true
    await until(() => faults.length > 0)
    assert.deepEqual(faults, ['a file has changed, and no event has told of it'])
    const before = looks.length
    await until(() => looks.length >= before + 2)
  })

  it('changes that events tell of keep the trust in them', async (context) => {
    let ring: () => void = () => undefined
    const { faults, state, looks } = setUp(context, (folder, listener) => {
      ring = () => listener('change', 'x.css')
      return deaf(folder, listener)
    })
    state.found = true
    const ringing = setInterval(() => ring(), 100)
    await new Promise((done) => setTimeout(done, 4000))
    clearInterval(ringing)
    assert.deepEqual(faults, [])
    assert.ok(looks.length > 3)
  })

  it('a closed watch looks no more, whatever happens', async (context) => {
    const { folder, looks, watching } = setUp(context)
    await until(() => looks.length > 0)
    watching.close()
    const before = looks.length
    writeFileSync(join(folder, 'a/x.css'), 'late')
    await new Promise((done) => setTimeout(done, 100))
    assert.equal(looks.length, before)
  })
})

test('a snapshot of folders tells of files that come, go and change, once', async (context) => {
  const folder = makeTree(context, { 'views/page.njk': 'one', 'node_modules/x/page.njk': '' })
  const snapshot = await takeFolderSnapshot([folder, join(folder, 'none')], new Set(['node_modules']))
  assert.equal(await snapshot.hasChanged(), false)
  writeFileSync(join(folder, 'views/page.njk'), 'other')
  assert.equal(await snapshot.hasChanged(), true)
  assert.equal(await snapshot.hasChanged(), false)
  writeFileSync(join(folder, 'views/new.njk'), '')
  assert.equal(await snapshot.hasChanged(), true)
  writeFileSync(join(folder, 'node_modules/x/page.njk'), 'more')
  assert.equal(await snapshot.hasChanged(), false)
})
