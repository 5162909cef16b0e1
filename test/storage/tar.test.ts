import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { indexTar, readAt, type TarFile, writeTar } from '../../src/storage/tar.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const NAMES: Readonly<Record<string, Buffer>> = {
  'a.txt': Buffer.from('a'),
  empty: Buffer.alloc(0),
  'css/exactly-a-block.css': Buffer.alloc(512, 98),
  [`long/${'x'.repeat(200)}.js`]: Buffer.alloc(1500, 99),
  'über/日本.svg': Buffer.from('<svg/>'),
}

async function* files(): AsyncIterable<TarFile> {
  for (const [name, bytes] of Object.entries(NAMES)) yield { name, bytes }
}

async function archive(context: TestContext): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeTar(files())) pieces.push(piece)
  return join(makeTree(context, { 'a.tar': Buffer.concat(pieces) }), 'a.tar')
}

async function readArchive(path: string) {
  const file = await open(path)
  try {
    const found = new Map<string, Buffer>()
    for (const [name, place] of await indexTar(file, path)) found.set(name, await readAt(file, place, path))
    return found
  } finally {
    await file.close()
  }
}

test('what is written into an archive is read from it', async (context) => {
  assert.deepEqual(await readArchive(await archive(context)), new Map(Object.entries(NAMES)))
})

test('the system tar unpacks our archives', async (context) => {
  const path = await archive(context)
  const folder = makeTree(context)
  execFileSync('tar', ['-xf', path, '-C', folder])
  assert.deepEqual(readTree(folder), new Map(Object.entries(NAMES).sort(([a], [b]) => (a < b ? -1 : 1))))
})

for (const format of ['ustar', 'pax']) {
  test(`an archive the system tar made in the format ${format} is read`, async (context) => {
    const tree: Tree = { 'a.txt': 'a', css: { [`${'y'.repeat(90)}.css`]: 'p {}' } }
    const folder = makeTree(context, { site: tree })
    execFileSync('tar', [`--format=${format}`, '-cf', '../b.tar', '.'], { cwd: join(folder, 'site') })
    const read = await readArchive(join(folder, 'site/../b.tar'))
    assert.deepEqual([...read.keys()].sort(), ['a.txt', `css/${'y'.repeat(90)}.css`])
  })
}

test('what is no archive, is compressed or ends too early is refused', async (context) => {
  const path = await archive(context)
  const whole = Buffer.concat(
    await (async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of writeTar(files())) pieces.push(piece)
      return pieces
    })(),
  )
  for (const [bytes, said] of [
    [gzipSync(randomBytes(5000)), /compressed with gzip/],
    [whole.subarray(0, 2000), /ends/],
    [Buffer.alloc(2000, 'x'), /checksum/],
  ] as const) {
    writeFileSync(path, bytes)
    await assert.rejects(readArchive(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'FP_DAMAGED')
      assert.match(error.message, said)
      return true
    })
  }
})
