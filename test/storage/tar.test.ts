import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { indexTar, readAt, type TarFile, writeTar } from '../../src/storage/tar.ts'
import { runs } from '../support/fuzz.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const NAMES: Readonly<Record<string, Buffer>> = {
  'a.txt': Buffer.from('a'),
  empty: Buffer.alloc(0),
  'css/exactly-a-block.css': Buffer.alloc(512, 98),
  [`long/${'x'.repeat(200)}.js`]: Buffer.alloc(1500, 99),
  'über/日本.svg': Buffer.from('<svg/>'),
  'new\nline': Buffer.from('n'),
  '9 path=x\n\r': Buffer.from('r'),
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
  const file = openSync(path, 'r')
  try {
    const found = new Map<string, Buffer>()
    for (const [name, place] of indexTar(file, path)) found.set(name, readAt(file, place, path))
    return found
  } finally {
    closeSync(file)
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

for (const format of ['ustar', 'pax', 'gnu']) {
  test(`an archive the system tar made in the format ${format} is read`, async (context) => {
    const name = format === 'ustar' ? 'y'.repeat(90) : 'y'.repeat(190)
    const tree: Tree = { 'a.txt': 'a', css: { [`${name}.css`]: 'p {}' } }
    const folder = makeTree(context, { site: tree })
    execFileSync('tar', [`--format=${format}`, '-cf', '../b.tar', '.'], { cwd: join(folder, 'site') })
    const read = await readArchive(join(folder, 'site/../b.tar'))
    assert.deepEqual([...read.keys()].sort(), ['a.txt', `css/${name}.css`])
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

/** A header as {@link writeTar} makes it, some of its bytes others and its checksum right. */
function headerWith(changes: readonly (readonly [at: number, text: string])[]): Buffer {
  const block = Buffer.alloc(512)
  for (const [at, text] of [[0, 'a'], [124, '00000000001\0'], [156, '0'], ...changes] as const)
    block.write(text, at, 'latin1')
  block.write(' '.repeat(8), 148)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

test('a size that is negative, none or too large is refused at once', async (context) => {
  const path = await archive(context)
  const rest = Buffer.alloc(2048)
  for (const [changes, said] of [
    [[[124, '-0000000001\0']], /size is not octal/],
    [[[124, '0000000000x\0']], /size is not octal/],
    [[[124, '\x80\0\0\0\0\0\0\x01\0\0\0\0']], /size is not octal/],
    [[[124, '77777777777\0']], /middle of a file/],
    [
      [
        [156, 'x'],
        [124, '00000001000\0'],
      ],
      /pax header/,
    ],
  ] as const) {
    writeFileSync(path, Buffer.concat([headerWith(changes), rest]))
    await assert.rejects(readArchive(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'FP_DAMAGED')
      assert.match(error.message, said)
      return true
    })
  }
})

test('a pax header of gigabytes is not read', async (context) => {
  const path = await archive(context)
  writeFileSync(
    path,
    headerWith([
      [156, 'x'],
      [124, '40000000000\0'],
    ]),
  )
  // Sparse: it takes no room on the disk.
  truncateSync(path, 5 * 1024 ** 3)
  await assert.rejects(readArchive(path), { code: 'FP_DAMAGED', message: /a name has 4294967296 bytes/ })
})

test('any damage is refused, or leaves places inside the archive', async (context) => {
  const path = await archive(context)
  const whole = readFileSync(path)
  const piece = fc.record({
    at: fc.oneof(
      fc.nat(whole.length - 1),
      fc.nat(whole.length / 512 - 1).map((block) => block * 512 + 124),
    ),
    bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.constant(Buffer.from('-1'))),
    fixesChecksum: fc.boolean(),
  })
  const property = fc.asyncProperty(
    fc.array(piece, { maxLength: 3 }),
    fc.nat(whole.length),
    async (pieces, cut) => {
      const bytes = Buffer.from(whole)
      for (const { at, bytes: damage, fixesChecksum } of pieces) {
        bytes.set(damage.subarray(0, bytes.length - at), at)
        if (!fixesChecksum) continue
        const block = bytes.subarray(at - (at % 512), at - (at % 512) + 512)
        block.fill(' ', 148, 156)
        block.write(
          `${block
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, '0')}\0 `,
          148,
        )
      }
      const damaged = cut % 2 === 0 ? bytes : bytes.subarray(0, cut)
      writeFileSync(path, damaged)
      try {
        let total = 0
        for (const content of (await readArchive(path)).values()) total += content.length
        assert.ok(total <= damaged.length * 100)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'FP_DAMAGED', String(error))
      }
    },
  )
  await fc.assert(property, runs(300))
})
