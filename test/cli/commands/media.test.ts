import assert from 'node:assert/strict'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BUCKET, createS3Lab } from '../../support/s3.ts'
import { Link, makeTree, readTree, writeTree } from '../../support/tree.ts'
import { runIn, runWith } from '../support.ts'

const lab = createS3Lab()

test('fingerpost media sweep removes leftovers of folders and buckets once they are old', async (context) => {
  const folder = makeTree(context)
  writeTree(folder, { 'media/a.txt': 'a', 'media/.fingerpost-0123456789abcdef.tmp': 'hal' })
  assert.match((await runIn(folder, 'media', 'sweep', 'media')).stderr, /^0 leftovers removed/)
  const swept = await runIn(folder, 'media', 'sweep', 'media', '--min-age', '0s', '--json')
  assert.deepEqual(JSON.parse(swept.stdout), { storage: `folder ${join(folder, 'media')}`, removed: 1 })
  assert.deepEqual([...readTree(join(folder, 'media')).keys()], ['a.txt'])
  assert.equal((await runIn(folder, 'media', 'clean', 'media')).code, 2)
  const endpoint = await lab.environment(context)
  if (endpoint === undefined) return
  const bucket = await runIn(folder, 'media', 'sweep', `s3://${BUCKET}/sweep`, '--endpoint', endpoint)
  assert.match(bucket.stderr, /^0 leftovers removed from s3:\/\/fingerpost\/sweep\//)
})

test('fingerpost media orphans prints what is no longer used, old enough, and removes nothing', async (context) => {
  const folder = makeTree(context)
  const names = ['a.txt', 'avatars/left.png', 'avatars/used.png', 'ü b.txt', 'young.txt']
  for (const name of names) writeTree(folder, { [`media/${name}`]: 'x' })
  for (const name of names.filter((each) => each !== 'young.txt'))
    utimesSync(join(folder, 'media', name), 0, Date.now() / 1000 - 90_000)
  const used = 'avatars/used.png\r\na.txt\n\nnever-stored.txt\n'
  const piped = await runWith({ cwd: folder, input: used }, 'media', 'orphans', 'media')
  assert.deepEqual([piped.code, piped.stdout], [0, 'avatars/left.png\nü b.txt\n'])
  assert.match(piped.stderr, /^2 orphans \(2 B\) in folder .*, 3 names in use$/m)
  writeTree(folder, { 'used.txt': used })
  const words = [
    'orphans',
    'media',
    '--used',
    'used.txt',
    '--prefix',
    'avatars/',
    '--min-age',
    '0s',
    '--json',
  ]
  const { stdout } = await runIn(folder, 'media', ...words)
  assert.deepEqual(JSON.parse(stdout).orphans, [{ name: 'avatars/left.png', size: 1 }])
  assert.equal(readTree(join(folder, 'media')).size, 5)
})

test('fingerpost media orphans takes no names for a mistake', async (context) => {
  const folder = makeTree(context, { 'media/a.txt': 'a', empty: '\n' })
  for (const words of [[], ['--used', 'empty'], ['--used', 'none.txt']]) {
    const { code, stdout, stderr } = await runIn(folder, 'media', 'orphans', 'media', ...words)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /every file would be an orphan|Cannot read the names in use: ENOENT/)
  }
})

const LISTS: readonly (readonly [why: string, list: (text: string) => Buffer | string])[] = [
  ['UTF-8 with a mark', (text) => `\ufeff${text}`],
  ['UTF-16LE with a mark, as PowerShell writes it', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16BE with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ['NUL between the names', (text) => text.replaceAll('\r\n', '\0')],
  ['CR between the names', (text) => text.replaceAll('\r\n', '\r')],
  ['quotes, as a spreadsheet writes them', (text) => text.replace(/[^\r\n]+/g, '"$&"')],
  ['blanks, as psql writes them', (text) => text.replace(/[^\r\n]+/g, ' $& ')],
  ['decomposed letters', (text) => text.normalize('NFD')],
  ['other case', (text) => text.toUpperCase()],
  ['a leading ./', (text) => text.replace(/^/gm, './')],
]

for (const [why, listOf] of LISTS) {
  test(`fingerpost media orphans understands a list with ${why}`, async (context) => {
    const folder = makeTree(context)
    for (const name of ['a.txt', 'ü/b.png', 'left.txt']) {
      writeTree(folder, { [`media/${name}`]: 'x' })
      utimesSync(join(folder, 'media', name), 0, Date.now() / 1000 - 90_000)
    }
    writeTree(folder, { used: listOf('a.txt\r\nü/b.png\r\n') })
    const { code, stdout } = await runIn(folder, 'media', 'orphans', 'media', '--used', 'used')
    assert.deepEqual([code, stdout], [0, 'left.txt\n'])
  })
}

test('fingerpost media orphans refuses a list that it can not read', async (context) => {
  const text = 'a.txt\r\nb.txt\r\n'
  const folder = makeTree(context, {
    'media/a.txt': 'a',
    utf16: Buffer.from(text, 'utf16le'),
    latin1: Buffer.from('a.txt\nGr\u00fc\u00dfe.txt\n', 'latin1'),
    urls: 'https://example.org/media/a.txt\n',
  })
  for (const [list, message] of [
    ['utf16', /neither UTF-8 nor UTF-16/],
    ['latin1', /neither UTF-8 nor UTF-16/],
    ['urls', /None of the names in use is stored.*\n.*example a\.txt/],
  ] as const) {
    const { code, stdout, stderr } = await runIn(
      folder,
      'media',
      'orphans',
      'media',
      '--used',
      list,
      '--min-age',
      '0s',
    )
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, message)
  }
})

test('fingerpost media check lists what can not be served, and why', async (context) => {
  const folder = makeTree(context, {
    media: {
      'fine.txt': 'x',
      'Report: v1.txt': 'x',
      '.htaccess': 'x',
      'a\\b.txt': 'x',
      'out.txt': new Link('/etc/hostname'),
      'gone.txt': new Link('nowhere'),
    },
  })
  writeFileSync(
    Buffer.concat([Buffer.from(join(folder, 'media/Gr')), Buffer.from([0xfc]), Buffer.from('n.txt')]),
    'x',
  )
  const { code, stdout, stderr } = await runIn(folder, 'media', 'check', 'media')
  assert.equal(code, 1)
  const lines = stdout.trim().split('\n')
  assert.match(lines.find((line) => line.startsWith('.htaccess')) ?? '', /begins with a dot/)
  assert.match(lines.find((line) => line.startsWith('a\\b.txt')) ?? '', /backslash/)
  assert.match(lines.find((line) => line.startsWith('Gr')) ?? '', /not valid UTF-8/)
  assert.match(lines.find((line) => line.startsWith('out.txt')) ?? '', /out of/)
  assert.match(lines.find((line) => line.startsWith('gone.txt')) ?? '', /no file gone\.txt/)
  assert.deepEqual(lines.length, 5, stdout)
  assert.match(stderr, /^5 files of folder .* cannot be served$/m)
  const good = makeTree(context, { 'media/a.txt': 'a' })
  assert.equal((await runIn(good, 'media', 'check', 'media')).code, 0)
})

test('fingerpost media orphans and check read a bucket as they read a folder', async (context) => {
  const endpoint = await lab.environment(context)
  const storage = await lab.storage(context)
  if (endpoint === undefined || storage === undefined) return
  const names = ['left.txt', 'Gr\u00fcn.txt', 'used.png', 'used.png@small.png']
  for (const name of names) await storage.save(name, Buffer.from('x'))
  const where = [`s3://${BUCKET}/${storage.prefix}`, '--endpoint', endpoint]
  const cwd = makeTree(context)
  const orphans = (input: Buffer) => runWith({ cwd, input }, 'media', 'orphans', ...where, '--min-age', '0s')
  const text = 'used.png\r\nGru\u0308n.txt\0'
  for (const list of [
    Buffer.from(text),
    Buffer.from(`\ufeff${text}`),
    Buffer.from(`\ufeff${text}`, 'utf16le'),
    Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  ]) {
    const { code, stdout } = await orphans(list)
    assert.deepEqual([code, stdout], [0, 'left.txt\n'])
  }
  for (const list of [
    Buffer.from(text, 'utf16le'),
    Buffer.from('Gr\u00fcn.txt', 'latin1'),
    Buffer.from(''),
  ]) {
    const { code, stdout } = await orphans(list)
    assert.deepEqual([code, stdout], [2, ''])
  }
  assert.equal((await runIn(cwd, 'media', 'check', ...where)).code, 0)
  await storage.save('.hidden/a.txt', Buffer.from('x'))
  const { code, stdout } = await runIn(cwd, 'media', 'check', ...where)
  assert.deepEqual([code, stdout], [1, '.hidden/a.txt: it begins with a dot\n'])
})
