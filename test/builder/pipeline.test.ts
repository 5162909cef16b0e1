import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { type TestContext, test } from 'node:test'
import { collectSources } from '../../src/builder/build.ts'
import { createEncoder } from '../../src/builder/compress/encoder.ts'
import { createBuildContext } from '../../src/builder/context.ts'
import { buildSite } from '../../src/builder/pipeline.ts'
import { createSourceReader } from '../../src/builder/read/source-reader.ts'
import { createDigester } from '../../src/core/digest.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { makeTree, type Tree } from '../support/tree.ts'

const digester = await createDigester()
const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(40)

/** Builds cold, with a record of what happened in which order: `read PATH`, `encode BYTES`, `save KEY`. */
async function watch(context: TestContext, src: Tree) {
  const cwd = makeTree(context, { src })
  const events: string[] = []
  let encoding = 0
  let mostEncoding = 0
  const reader = createSourceReader()
  const encoder = await createEncoder({ brotli: 'native' })
  const memory = createMemoryStorage()
  const storage: typeof memory = {
    ...memory,
    save(key, ...rest) {
      events.push(`save ${key}`)
      return memory.save(key, ...rest)
    },
  }
  const options = { sources: ['src'], cache: false } as const
  const site = {
    ...createBuildContext(options, { cwd, storage }),
    digester,
    reader: {
      ...reader,
      read(file: Parameters<typeof reader.read>[0]) {
        events.push(`read ${file.path}`)
        return reader.read(file)
      },
    },
    encoder: {
      ...encoder,
      async encode(...[bytes, rule]: Parameters<typeof encoder.encode>) {
        events.push(`encode ${bytes.length}`)
        mostEncoding = Math.max(mostEncoding, ++encoding)
        const encoded = await encoder.encode(bytes, rule)
        encoding--
        return encoded
      },
    },
  }
  const result = collectSources(site.config).then((collection) => buildSite(collection, site))
  const outcome = await result.then(
    ({ report }) => ({ report, error: undefined }),
    (error: Error) => ({ report: undefined, error }),
  )
  return { ...outcome, events, mostEncoding: () => mostEncoding, encoding: () => encoding }
}

/** Stylesheets that name nothing: each is a leaf. */
function leaves(count: number): Tree {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`leaf-${at}.css`, `${LONG}/* ${at} */`]),
  )
}

test('compression begins while other files are still to be scanned', async (context) => {
  const { events, report } = await watch(context, leaves(60))
  const first = events.findIndex((event) => event.startsWith('encode'))
  const last = events.findLastIndex((event) => event.startsWith('read'))
  assert.ok(first < last, `first encoding is event ${first}, last reading ${last}`)
  assert.equal(report?.work.encoded, 120)
})

test('files that leave as they came are read once', async (context) => {
  const images = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`${at}.png`, Buffer.alloc(500, at)]),
  )
  const { events, report } = await watch(context, { ...leaves(20), ...images, 'a.txt': LONG })
  const reads = events.filter((event) => event.startsWith('read'))
  assert.equal(reads.length, 41)
  assert.equal(new Set(reads).size, 41)
  assert.equal(report?.work.read, 41)
})

test('every core compresses', async (context) => {
  const { mostEncoding } = await watch(context, leaves(60))
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  assert.ok(mostEncoding() >= Math.min(availableParallelism(), threads - 1), `${mostEncoding()} at once`)
})

test('a build that is refused has written nothing, and compresses no more when it tells so', async (context) => {
  const tree = { ...leaves(600), 'zz.css': 'p { background: url(gone.png) }' }
  const { error, events, encoding } = await watch(context, tree)
  assert.match(error?.message ?? '', /gone\.png/)
  assert.equal(encoding(), 0)
  const encoded = events.filter((event) => event.startsWith('encode')).length
  assert.ok(encoded < 1200, `${encoded} encodings for a build that was refused`)
  assert.deepEqual(
    events.filter((event) => event.startsWith('save')),
    [],
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(events.filter((event) => event.startsWith('encode')).length, encoded)
})

test('a big file waits until the references are known to be right', async (context) => {
  const tree = {
    'a-big.css': `${LONG.repeat(100)}`,
    ...leaves(8),
    'zz.css': 'p { background: url(gone.png) }',
  }
  const { error, events } = await watch(context, tree)
  assert.match(error?.message ?? '', /gone\.png/)
  assert.ok(!events.includes(`encode ${LONG.length * 100}`))
})

test('a source map is not compressed before it is adjusted', async (context) => {
  const map = JSON.stringify({ version: 3, sources: ['a.scss'], names: [], mappings: 'AAAA'.repeat(300) })
  const css = `p { background: url(i.svg) } ${LONG}\n/*# sourceMappingURL=a.css.map */`
  const { report } = await watch(context, { 'a.css': css, 'a.css.map': map, 'i.svg': `<svg>${LONG}</svg>` })
  assert.equal(report?.work.encoded, 6)
})

test('a file that is rewritten is read to be scanned and to be named, and its compression begins there', async (context) => {
  const { events, report } = await watch(context, {
    'a.css': `@import "b.css"; ${LONG}`,
    'b.css': LONG,
  })
  assert.equal(report?.work.read, 3)
  const encoded = events.filter((event) => event.startsWith('encode'))
  assert.equal(encoded.length, 4)
})
