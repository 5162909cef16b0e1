import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { spellingOf } from '../../../src/storage/disk/spelling.ts'
import { TYPESCRIPT } from '../../support/cli.ts'
import { asNobody } from '../../support/nobody.ts'
import { Link, makeTree, readTree } from '../../support/tree.ts'
import { testStorageContract } from '../contract.ts'

testStorageContract('a folder', (context) =>
  createFilesystemStorage({ root: join(makeTree(context), 'new') }),
)

const LEFTOVER = '.fingerpost-0123456789abcdef.tmp'

test('a folder is made when the first file is saved, not before', async (context) => {
  const root = join(makeTree(context), 'deep/er')
  const storage = createFilesystemStorage({ root })
  assert.equal(await storage.stat('a'), undefined)
  assert.equal(existsSync(root), false)
  await storage.save('a', Buffer.from('a'))
  assert.deepEqual(readdirSync(root), ['a'])
})

test('what a killed process left is not listed, and goes with a sweep', async (context) => {
  const root = makeTree(context, { 'a.txt': 'a', sub: { [LEFTOVER]: 'hal', 'b.txt': 'b' } })
  const storage = createFilesystemStorage({ root })
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  assert.deepEqual(keys, ['a.txt', 'sub/b.txt'])
  assert.equal(await storage.sweep(), 1)
  assert.deepEqual([...readTree(root).keys()], ['a.txt', 'sub/b.txt'])
})

test('a name as long as the filesystem allows can be saved', async (context) => {
  const storage = createFilesystemStorage({ root: makeTree(context) })
  const key = 'x'.repeat(255)
  await storage.save(key, Buffer.from('x'), { overwrite: true })
  assert.equal((await storage.read(key)).toString(), 'x')
})

test('a refusal of the filesystem names the folder, the key and the remedy', async (context) => {
  const root = makeTree(context, { file: 'in the way' })
  mkdirSync(join(root, 'folder'))
  const storage = createFilesystemStorage({ root })
  await assert.rejects(storage.save('file/below.txt', Buffer.from('x')), (error: Error) => {
    assert.match(error.message, new RegExp(`${root} refused to save file/below.txt`))
    return true
  })
  await assert.rejects(storage.save('folder', Buffer.from('x'), { overwrite: true }), { code: 'FP_STORAGE' })
  await assert.rejects(storage.save('y'.repeat(256), Buffer.from('x')), {
    code: 'FP_STORAGE',
    message: /shorten it/,
  })
  assert.deepEqual([...readTree(root).keys()], ['file'])
})

test('a folder without write permission is named in the error', async (context) => {
  const root = makeTree(context)
  chmodSync(root, 0o555)
  const storage = createFilesystemStorage({ root })
  await asNobody(() =>
    assert.rejects(storage.save('a', Buffer.from('a')), { code: 'FP_STORAGE', message: /permission/ }),
  )
  chmodSync(root, 0o755)
})

test('a file that is replaced goes on being read whole by who opened it before', async (context) => {
  const root = makeTree(context)
  const storage = createFilesystemStorage({ root })
  const old = Buffer.alloc(300_000, 'o')
  await storage.save('a', old)
  const reader = storage.open('a')[Symbol.asyncIterator]()
  const chunks = [(await reader.next()).value]
  await storage.save('a', Buffer.alloc(300_000, 'n'), { overwrite: true })
  for (let step = await reader.next(); !step.done; step = await reader.next()) chunks.push(step.value)
  assert.ok(Buffer.concat(chunks).equals(old))
})

test('folders and special files are no files', async (context) => {
  const root = makeTree(context, { sub: { 'a.txt': 'a' } })
  writeFileSync(join(root, 'b.txt'), 'b')
  const storage = createFilesystemStorage({ root })
  assert.equal(await storage.stat('sub'), undefined)
  assert.equal((await storage.stat('b.txt'))?.size, 1)
})

test('a link that leads out of the folder is never followed', async (context) => {
  const outside = makeTree(context, { 'secret.txt': 'secret', sub: { 'deep.txt': 'deep' } })
  const root = makeTree(context, {
    'a.txt': 'a',
    'file.txt': new Link(join(outside, 'secret.txt')),
    folder: new Link(outside),
    'dangling.txt': new Link(join(outside, 'new.txt')),
  })
  const storage = createFilesystemStorage({ root })
  for (const key of ['file.txt', 'folder/secret.txt', 'folder/sub/deep.txt']) {
    await assert.rejects(storage.read(key), { code: 'FP_PATH' })
    await assert.rejects(storage.stat(key), { code: 'FP_PATH' })
    await assert.rejects(storage.delete(key), { code: 'FP_PATH' })
    await assert.rejects(storage.open(key)[Symbol.asyncIterator]().next(), { code: 'FP_PATH' })
  }
  await assert.rejects(storage.save('folder/new.txt', Buffer.from('x')), { code: 'FP_PATH' })
  await assert.rejects(storage.save('folder/new/er.txt', Buffer.from('x')), { code: 'FP_PATH' })
  await assert.rejects(storage.save('dangling.txt', Buffer.from('x')), { code: 'FP_EXISTS' })
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  assert.deepEqual(keys, ['a.txt'])
  assert.deepEqual([...readTree(outside).keys()], ['secret.txt', 'sub/deep.txt'])
})

test('a link within the folder is followed, and the folder may be a link itself', async (context) => {
  const real = makeTree(context, { 'a.txt': 'a', 'b.txt': new Link('a.txt') })
  const link = join(makeTree(context, { link: new Link(real) }), 'link')
  assert.equal((await createFilesystemStorage({ root: link }).read('b.txt')).toString(), 'a')
})

test('files and folders get their permissions whatever the umask', async (context) => {
  const before = process.umask(0o077)
  context.after(() => void process.umask(before))
  const root = makeTree(context)
  await createFilesystemStorage({ root }).save('a/b/c.txt', Buffer.from('c'))
  await createFilesystemStorage({ root, fileMode: 0o640, folderMode: 0o750 }).save(
    'd/e.txt',
    Buffer.from('e'),
  )
  const modes = ['a', 'a/b', 'a/b/c.txt', 'd', 'd/e.txt'].map(
    (path) => statSync(join(root, path)).mode & 0o777,
  )
  assert.deepEqual(modes, [0o755, 0o755, 0o644, 0o750, 0o640])
})

test('a sweep with an age leaves alone what is still being written', async (context) => {
  const root = makeTree(context, { [LEFTOVER]: 'hal' })
  const storage = createFilesystemStorage({ root })
  assert.equal(await storage.sweep(new Date(Date.now() - 60_000)), 0)
  assert.equal(await storage.sweep(new Date(Date.now() + 60_000)), 1)
})

test('a folder that is replaced by a link right after a look is not followed', async (context) => {
  const outside = makeTree(context, { 'a.txt': 'outside' })
  const root = makeTree(context, { folder: { 'a.txt': 'inside' } })
  const storage = createFilesystemStorage({ root })
  assert.equal((await storage.read('folder/a.txt')).toString(), 'inside')
  renameSync(join(root, 'folder'), join(root, 'moved'))
  symlinkSync(outside, join(root, 'folder'))
  for (const ask of [storage.read, storage.stat, storage.delete])
    await assert.rejects(ask('folder/a.txt'), { code: 'FP_PATH' })
  await assert.rejects(storage.open('folder/a.txt')[Symbol.asyncIterator]().next(), { code: 'FP_PATH' })
  await assert.rejects(storage.save('folder/a.txt', Buffer.from('x'), { overwrite: true }), {
    code: 'FP_PATH',
  })
  await assert.rejects(storage.save('folder/deep/er/a.txt', Buffer.from('x')), { code: 'FP_PATH' })
  await assert.rejects(storage.move('moved/a.txt', 'folder/b.txt'), { code: 'FP_PATH' })
  await assert.rejects(storage.move('folder/a.txt', 'b.txt'), { code: 'FP_PATH' })
  assert.deepEqual(readdirSync(outside), ['a.txt'])
})

test('a save in progress stays in its folder, whatever takes its place', {
  skip: process.platform !== 'linux',
}, async (context) => {
  const outside = makeTree(context)
  const root = makeTree(context, { folder: {} })
  const storage = createFilesystemStorage({ root })
  const content = (async function* () {
    yield Buffer.from('half ')
    renameSync(join(root, 'folder'), join(root, 'moved'))
    symlinkSync(outside, join(root, 'folder'))
    yield Buffer.from('whole')
  })()
  await storage.save('folder/a.txt', content)
  assert.deepEqual(readdirSync(outside), [])
  assert.deepEqual([...readTree(join(root, 'moved')).keys()], ['a.txt'])
})

test('a disk that ignores case tells the name that a file has, a link keeps its own', async (context) => {
  assert.equal(spellingOf('Private/A.txt', '/m', '/m/private/a.txt'), 'private/a.txt')
  assert.equal(spellingOf('u\u0308.txt', '/m', '/m/\u00fc.txt'), '\u00fc.txt')
  assert.equal(spellingOf('public/a.txt', '/m', '/m/private/a.txt'), 'public/a.txt')
  const root = makeTree(context, { private: { 'a.txt': 'a' }, public: new Link('private') })
  const storage = createFilesystemStorage({ root })
  assert.equal((await storage.stat('public/a.txt'))?.key, 'public/a.txt')
})

test('a folder that is made keeps the setgid bit it inherits', async (context) => {
  const root = makeTree(context)
  chmodSync(root, 0o2775)
  await createFilesystemStorage({ root, folderMode: 0o770 }).save('a/b/c.txt', Buffer.from('c'))
  for (const made of ['a', 'a/b']) assert.equal(statSync(join(root, made)).mode & 0o7777, 0o2770, made)
  assert.equal(statSync(join(root, 'a/b/c.txt')).mode & 0o7777, 0o644)
})

test('a file system that refuses chmod stores files nevertheless', async (context) => {
  const root = makeTree(context)
  const { chmodSync: chmod, fchmodSync: fchmod } = fs
  const before = process.umask(0o077)
  let refused = 0
  const refuse = () => {
    refused++
    throw Object.assign(new Error('EPERM: operation not permitted, chmod'), { code: 'EPERM' })
  }
  const replace = (functions: object) => {
    Object.assign(fs, functions)
    syncBuiltinESMExports()
  }
  context.after(() => {
    process.umask(before)
    replace({ chmodSync: chmod, fchmodSync: fchmod })
  })
  replace({ chmodSync: refuse, fchmodSync: refuse })
  const storage = createFilesystemStorage({ root })
  await storage.save('small.txt', Buffer.from('small'))
  await storage.save('folder/large.bin', Buffer.alloc(100_000))
  assert.equal(refused, 3)
  assert.deepEqual([...readTree(root).keys()], ['folder/large.bin', 'small.txt'])
  assert.equal(statSync(join(root, 'small.txt')).mode & 0o777, 0o600)
})

test('a save looks neither for links in the root nor, unless asked, for the spelling of its key', {
  skip: process.platform !== 'linux',
}, async (context) => {
  const storage = createFilesystemStorage({ root: makeTree(context, { folder: {} }) })
  const { existsSync, realpathSync } = fs
  const { native } = realpathSync
  let looks = 0
  const counting = <T extends (path: string) => unknown>(look: T) =>
    ((path: string) => {
      looks++
      return look(path)
    }) as T
  Object.assign(fs, { existsSync: counting(existsSync) })
  Object.assign(realpathSync, { native: counting(native) })
  syncBuiltinESMExports()
  context.after(() => {
    Object.assign(fs, { existsSync })
    Object.assign(realpathSync, { native })
    syncBuiltinESMExports()
  })
  const saved = await storage.save('folder/a.txt', Buffer.from('a'))
  assert.equal(looks, 0)
  assert.equal(saved.key, 'folder/a.txt')
  assert.equal(looks, 2)
})

test('too many open files are reported as what they are', async (context) => {
  const root = makeTree(context, { 'a.txt': 'a' })
  const script = join(import.meta.dirname, '../fixture/too-many-files.ts')
  const words = ['-c', 'ulimit -n 80 && exec "$0" "$@"', process.execPath, ...TYPESCRIPT, script, root]
  const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' })
  const lines = stdout.trim().split('\n')
  assert.equal(lines.length, 6, stderr)
  for (const line of lines)
    assert.match(line, /^FP_STORAGE .* EMFILE: too many open files\. {2}This process .*ulimit -n/)
})
