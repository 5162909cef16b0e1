import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { init, parse } from 'es-module-lexer'

await init()

const SRC = join(import.meta.dirname, '..', 'src')

/** The layer of each room: a file may import from its own room and from lower layers. Entry points are on top. */
const LAYERS: Readonly<Record<string, number>> = {
  core: 0,
  client: 0,
  sources: 1,
  scan: 1,
  storage: 2,
  builder: 3,
  resolve: 4,
  template: 5,
  http: 6,
  serve: 7,
  live: 8,
  plugin: 9,
  media: 9,
  deploy: 9,
  report: 9,
  cli: 10,
  '': 11,
}

/** The sub-rooms of a room, lowest first: each may import from those before it and from the room's own files. */
const SUB_ROOMS: Readonly<Record<string, readonly string[]>> = {
  builder: ['settings', 'cache', 'read', 'link', 'packages', 'compress', 'rewrite', 'publish', 'maintain'],
  core: ['reference', 'manifest'],
  storage: ['disk', 's3'],
  deploy: ['nginx'],
  cli: ['init', 'commands'],
  scan: ['javascript', 'markup'],
  media: ['content', 'links', 'read', 'upload'],
  serve: ['page'],
  live: ['resolve', 'reload', 'vite'],
  report: ['client'],
}

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap(readImports)

function readImports(file: string): Import[] {
  // The lexer reads TypeScript too; only static imports count: a lazy one loads when it is needed.
  const [found] = parse(readFileSync(join(SRC, file), 'utf8'))
  return found.flatMap((entry) => {
    if (entry.type !== 'static' && entry.type !== 'reexport-star') return []
    const local = entry.specifier.startsWith('.')
    const to = local ? relative(SRC, join(SRC, dirname(file), entry.specifier)) : entry.specifier
    return [{ from: file, to, typeOnly: entry.typeOnly }]
  })
}

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : ''
}

function subRoomOf(file: string): string {
  const [, second, third] = file.split('/')
  return third === undefined ? '' : (second ?? '')
}

const isLocal = (file: string) => file.endsWith('.ts')

test('imports point down only', () => {
  const upward = imports.filter(({ from, to }) => {
    if (!isLocal(to) || roomOf(from) === roomOf(to)) return false
    const [above, below] = [LAYERS[roomOf(from)], LAYERS[roomOf(to)]]
    return above === undefined || below === undefined || below >= above
  })
  assert.deepEqual(upward, [])
})

test('sub-rooms import from lower ones only', () => {
  const upward = imports.filter(({ from, to }) => {
    const order = SUB_ROOMS[roomOf(from)]
    if (order === undefined || roomOf(from) !== roomOf(to)) return false
    const [above, below] = [subRoomOf(from), subRoomOf(to)]
    if (above === '' || below === '' || above === below) return false
    return !order.includes(above) || !order.includes(below) || order.indexOf(below) > order.indexOf(above)
  })
  assert.deepEqual(upward, [])
})

test('no file imports itself through others', () => {
  const finished = new Set<string>()
  const follow = (file: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(file), `cycle: ${[...trail, file].join(' → ')}`)
    if (finished.has(file)) return
    for (const { from, to } of imports) if (from === file && isLocal(to)) follow(to, [...trail, file])
    finished.add(file)
  }
  for (const file of files) follow(file, [])
})

test('no folder has more than 14 files', () => {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 14),
    [],
  )
})

test('core touches no disk, no network and no clock', () => {
  const allowed = new Set(['node:crypto', 'node:buffer', 'xxhash-wasm', 'mrmime'])
  const foreign = imports.filter(
    ({ from, to }) => roomOf(from) === 'core' && !isLocal(to) && !allowed.has(to),
  )
  assert.deepEqual(foreign, [])
})

test('serving never loads what only a build needs', () => {
  const buildOnly = [
    '@csstools/css-tokenizer',
    'es-module-lexer',
    'parse5',
    'saxes',
    '@jridgewell/sourcemap-codec',
    'picomatch',
    'brotli-wasm',
    'chokidar',
    'enhanced-resolve',
    'vite',
  ]
  const buildOnlyRooms = ['scan', 'builder', 'live']
  const reached = new Set<string>()
  const reach = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) reach(to)
  }
  for (const file of files) if (['http', 'serve', 'plugin'].includes(roomOf(file))) reach(file)
  assert.deepEqual(
    [...reached].filter(
      (to) => buildOnly.includes(to) || (isLocal(to) && buildOnlyRooms.includes(roomOf(to))),
    ),
    [],
  )
})

test('serving writes to the log of the app in one place, which escapes control characters', () => {
  const direct = files.filter((file) =>
    /\b(?:app|request)\.log\.\w+\(/.test(readFileSync(join(SRC, file), 'utf8')),
  )
  assert.deepEqual(direct, [])
})
