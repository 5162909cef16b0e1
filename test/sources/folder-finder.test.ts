import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createFolderFinder } from '../../src/sources/folder-finder.ts'
import { Link, makeTree, type Tree } from '../support/tree.ts'
import { testFinderContract } from './contract.ts'

testFinderContract('folder finder', (context, tree, prefix) =>
  createFolderFinder({ folder: makeTree(context, tree), prefix }),
)

async function list(context: TestContext, tree: Tree, ignore: readonly string[] = []) {
  const folder = makeTree(context, tree)
  const listing = await createFolderFinder({ folder, prefix: '', ignore }).list()
  return {
    folder,
    paths: listing.files.map((file) => file.path),
    skipped: listing.skipped.map(({ path, reason }) => `${path} ${reason}`),
    faults: listing.troubles.map(
      ({ absolutePath, fault }) => `${absolutePath.slice(folder.length + 1)}: ${fault}`,
    ),
  }
}

test('a link that stays inside is followed, to a file and to a folder', async (context) => {
  const { paths, faults } = await list(context, {
    'real/a.css': 'a{}',
    'file.css': new Link('real/a.css'),
    folder: new Link('real'),
    twice: new Link('folder'),
  })
  assert.deepEqual(paths, ['file.css', 'folder/a.css', 'real/a.css', 'twice/a.css'])
  assert.deepEqual(faults, [])
})

test('a link that leaves the source is named and skipped', async (context) => {
  const outside = makeTree(context, { 'secret.txt': 'key' })
  const { paths, skipped, faults, folder } = await list(context, {
    'a.css': '',
    'secret.txt': new Link(join(outside, 'secret.txt')),
    all: new Link(outside),
    up: new Link('..'),
  })
  assert.deepEqual(paths, ['a.css'])
  assert.deepEqual(skipped, ['all link-outside', 'secret.txt link-outside', 'up link-outside'])
  assert.deepEqual(faults, [])
  const finder = createFolderFinder({ folder, prefix: '' })
  assert.equal(finder.find('all/secret.txt'), undefined)
  assert.equal(finder.find('secret.txt'), undefined)
})

test('a folder whose name begins like the source is outside it', async (context) => {
  const folder = makeTree(context, {
    'site/link.css': new Link('../site-old/a.css'),
    'site-old/a.css': '',
  })
  const { files, skipped } = await createFolderFinder({ folder: join(folder, 'site'), prefix: '' }).list()
  assert.deepEqual(files, [])
  assert.equal(skipped[0]?.reason, 'link-outside')
})

test('a source that is itself reached through a link is listed', async (context) => {
  const folder = makeTree(context, {
    'real/a.css': '',
    'real/b.css': new Link('a.css'),
    way: new Link('real'),
  })
  const { files } = await createFolderFinder({ folder: join(folder, 'way'), prefix: '' }).list()
  assert.deepEqual(
    files.map((file) => file.path),
    ['a.css', 'b.css'],
  )
})

test('dangling links and link loops of every kind are told, never walked', {
  timeout: 10_000,
}, async (context) => {
  const { faults, paths, folder } = await list(context, {
    'ok.css': '',
    'gone.css': new Link('nowhere.css'),
    'self.css': new Link('self.css'),
    'ping.css': new Link('pong.css'),
    'pong.css': new Link('ping.css'),
    'through-file': new Link('ok.css/x'),
    a: { up: new Link('..'), b: new Link('../b') },
    b: { a: new Link('../a') },
    deep: { er: { 'x.css': '', back: new Link('../../deep') } },
  })
  assert.deepEqual(paths.filter((path) => path.endsWith('.css')).slice(-1), ['ok.css'])
  for (const fault of [
    'gone.css: dangling link to nowhere.css',
    'self.css: link loop: it points to self.css and back',
    'ping.css: link loop: it points to pong.css and back',
    'pong.css: link loop: it points to ping.css and back',
    'through-file: dangling link to ok.css/x',
    `a/up: link loop: it points to ${folder}, which contains it`,
    `a/b/a: link loop: it points to ${folder}/a, which contains it`,
    `deep/er/back: link loop: it points to ${folder}/deep, which contains it`,
  ]) {
    assert.ok(faults.includes(fault), `${fault}\nis not among\n${faults.join('\n')}`)
  }
})

test('links that fan out without a loop end at the limit', async (context) => {
  const tree: Record<string, Tree> = {}
  for (let level = 0; level < 20; level++) {
    tree[`d${level}`] = { x: new Link(`../d${level + 1}`), y: new Link(`../d${level + 1}`) }
  }
  const folder = makeTree(context, { ...tree, d20: { 'a.css': '' } })
  const finder = createFolderFinder({ folder, prefix: '', maxEntries: 5_000 })
  await assert.rejects(finder.list(), { code: 'FP_SOURCE', message: /more than 5000 files and folders/ })
})

test('a FIFO, a socket and a device are told and never opened', { timeout: 10_000 }, async (context) => {
  const folder = makeTree(context, { 'a.css': '', 'null.css': new Link('/dev/null') })
  assert.equal(spawnSync('mkfifo', [join(folder, 'pipe.css')]).status, 0)
  const server = createServer().listen(join(folder, 'socket.css'))
  context.after(() => server.close())
  const finder = createFolderFinder({ folder, prefix: '' })
  const { files, troubles, skipped } = await finder.list()
  assert.deepEqual(
    files.map((file) => file.path),
    ['a.css'],
  )
  assert.deepEqual(
    troubles.map((trouble) => trouble.fault),
    ['a FIFO, not a file', 'a socket, not a file'],
  )
  assert.deepEqual(
    skipped.map((entry) => entry.path),
    ['null.css'],
  )
  assert.throws(() => finder.find('pipe.css'), { code: 'FP_FILE', message: /pipe\.css: a FIFO/ })
})

test('unreadable files and folders are told', async (context) => {
  const folder = makeTree(context, { 'a.css': '', 'secret.css': '', 'locked/b.css': '', 'group.css': '' })
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'secret.css'), 0o000)
  chmodSync(join(folder, 'locked'), 0o000)
  const { files, troubles } = await asNobody(() => createFolderFinder({ folder, prefix: '' }).list())
  chmodSync(join(folder, 'locked'), 0o755)
  assert.deepEqual(
    files.map((file) => file.path),
    ['a.css', 'group.css'],
  )
  assert.deepEqual(
    troubles.map((trouble) => trouble.fault),
    ['unreadable (EACCES)', 'unreadable (EACCES)'],
  )
})

test('a name that is not UTF-8 is told; U+FFFD itself is a name like any other', async (context) => {
  const folder = makeTree(context, { 'is-\ufffd.css': 'a' })
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.css')]), '')
  const { files, troubles } = await createFolderFinder({ folder, prefix: '' }).list()
  assert.deepEqual(
    files.map((file) => file.path),
    ['is-\ufffd.css'],
  )
  assert.deepEqual(troubles, [{ absolutePath: `${folder}/caf\\xe9.css`, fault: 'name is not UTF-8' }])
})

test('by default version control, dotfiles and backups stay behind, .well-known does not', async (context) => {
  const { paths, skipped } = await list(context, {
    '.well-known/security.txt': '',
    'sub/.well-known/x': '',
    '.git/config': '',
    'CVS/Root': '',
    'sub/CVS': '',
    '.env': '',
    'sub/.hidden.css': '',
    'a.css~': '',
    'cvs.css': '',
    '~a.css': '',
  })
  assert.deepEqual(paths, ['.well-known/security.txt', 'cvs.css', 'sub/.well-known/x', '~a.css'])
  assert.deepEqual(
    skipped,
    ['.env', '.git', 'CVS', 'a.css~', 'sub/.hidden.css', 'sub/CVS'].map((path) => `${path} ignored`),
  )
})

test('what is ignored is not looked at, so it can be in any state', async (context) => {
  const { paths, faults } = await list(
    context,
    { 'a.css': '', '.#a.css': new Link('editor@host.1'), old: { 'gone.css': new Link('nowhere') } },
    ['old/'],
  )
  assert.deepEqual(paths, ['a.css'])
  assert.deepEqual(faults, [])
})

test('a missing folder names the nearest existing one', async (context) => {
  const folder = makeTree(context, { 'assets/a.css': '', 'asset-list.txt': '' })
  const finder = createFolderFinder({ folder: join(folder, 'asets'), prefix: '' })
  await assert.rejects(finder.list(), {
    code: 'FP_SOURCE',
    message: `The source ${folder}/asets doesn't exist.\n  Did you mean ${folder}/assets?`,
  })
})

test('a file deleted while its folder is listed is simply not there', async (context) => {
  const folder = makeTree(
    context,
    Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`f${i}.css`, ''])),
  )
  const listing = createFolderFinder({ folder, prefix: '' }).list()
  for (let i = 0; i < 2000; i++) rmSync(join(folder, `f${i}.css`))
  const { files, troubles } = await listing
  assert.ok(files.length <= 2000)
  assert.deepEqual(troubles, [])
})

test('two names of one file are two files', async (context) => {
  const folder = makeTree(context, { 'a.css': 'a{}' })
  mkdirSync(join(folder, 'b'))
  linkSync(join(folder, 'a.css'), join(folder, 'b', 'a.css'))
  const { files } = await createFolderFinder({ folder, prefix: '' }).list()
  assert.deepEqual(
    files.map((file) => file.path),
    ['a.css', 'b/a.css'],
  )
})

/** Root can read everything; then somebody else has to try. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    if (root) process.seteuid?.(0)
  }
}
