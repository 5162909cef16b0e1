import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGE = ['serving.md', 'serving-in-detail.md']
  .map((page) => readFileSync(join(ROOT, 'docs', page), 'utf8'))
  .join('\n')
const ROOMS = ['http', 'serve', 'live', 'plugin']
const CODE = ROOMS.flatMap((room) => readRoom(join(ROOT, 'src', room))).join('\n')

function readRoom(room: string): readonly string[] {
  return readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('resolve/'))
    .map((file) => readFileSync(join(room, file), 'utf8'))
}

/** What the code of serving has, by kind, and how docs/serving.md has to spell it. */
const KINDS: readonly (readonly [kind: string, found: RegExp, spelt: (name: string) => RegExp])[] = [
  [
    'header',
    /'([A-Z][A-Za-z]+(?:-[A-Z][A-Za-z]+)+|ETag|Vary|Allow|Location)'/g,
    (name) => new RegExp(`\\b${name}\\b`),
  ],
  ['status', /(?:status: |failure\()(\d{3})/g, (name) => new RegExp(`\\b${name}\\b`)],
  ['error code', /'(FP_[A-Z_]+)'/g, (name) => new RegExp(`\\n\\| \`${name}\` \\|`)],
  ['decoration', /decorate(?:Reply)?\('(\w+)'/g, (name) => new RegExp(`\\b(?:app|reply)\\.${name}\\b`)],
]

for (const [kind, found, spelt] of KINDS) {
  test(`the pages on serving have every ${kind} of the code`, () => {
    const names = new Set([...CODE.matchAll(found)].map(([, name = '']) => name))
    assert.ok(names.size > 2, `${names.size} found`)
    assert.deepEqual(
      [...names].filter((name) => !spelt(name).test(PAGE)),
      [],
    )
  })
}

test('the pages on serving have every option of the plugin', () => {
  const body = /export interface FingerpostOptions \{([\s\S]*?)\n\}/.exec(CODE)?.[1] ?? ''
  const names = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name)
  assert.ok(names.length > 20)
  assert.deepEqual(
    names.filter((name) => !new RegExp(`(?:^|[\`{ ])${name}[\`.:]`, 'm').test(PAGE)),
    [],
  )
})

test('the pages on serving have every counter of staticStats', () => {
  const bodies = [...CODE.matchAll(/export interface (?:StaticStats|CacheStats)[^{]*\{([\s\S]*?)\n\}/g)]
  const names = bodies.flatMap(([, body = '']) =>
    [...body.matchAll(/readonly (\w+):/g)].map(([, name]) => name),
  )
  assert.equal(names.length, 8)
  const table = PAGE.slice(PAGE.indexOf('app.staticStats()'), PAGE.indexOf('## A new build'))
  assert.deepEqual(
    names.filter((name) => !table.includes(`\`${name}\``)),
    [],
  )
})
