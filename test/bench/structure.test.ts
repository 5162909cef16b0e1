import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { init, parse } from 'es-module-lexer'

await init()

const BENCH = join(import.meta.dirname, '..', '..', 'bench')

/** Each room's storey: a file imports from its own room and from lower storeys. */
const STOREYS: Readonly<Record<string, number>> = {
  setup: 0,
  measure: 1,
  profiles: 1,
  load: 2,
  servers: 2,
  builders: 2,
  scanners: 2,
  result: 2,
  report: 3,
  profiler: 4,
  subjects: 5,
  regress: 6,
  '': 7,
}

interface Import {
  readonly from: string
  readonly to: string
}

const files = readdirSync(BENCH, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const all = files.flatMap(readImports)
const sources = all.filter(({ to }) => to.startsWith('..'))
const imports = all.filter(({ to }) => !to.startsWith('..'))

function readImports(file: string): Import[] {
  const [found] = parse(readFileSync(join(BENCH, file), 'utf8'))
  return found.flatMap((entry) => {
    const { specifier } = entry
    return specifier?.startsWith('.')
      ? [{ from: file, to: relative(BENCH, join(BENCH, dirname(file), specifier)) }]
      : []
  })
}

const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : '')
const storeyOf = (file: string) => STOREYS[roomOf(file)] ?? Number.NaN

test('the rooms of the suite import downwards only', () => {
  const upward = imports.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && !(storeyOf(to) < storeyOf(from)),
  )
  // The command line is a shape, not a step: the regression mode may name it.
  assert.deepEqual(
    upward.filter(({ to }) => to !== 'command-line.ts'),
    [],
  )
})

test('the suite measures what is built, and of the sources only what has no door', () => {
  assert.deepEqual(sources.map(({ from, to }) => `${from} ← ${to}`).sort(), [
    'builders/delta-process.ts ← ../src/builder/compress/delta.ts',
    'builders/floor.ts ← ../src/core/media-type.ts',
    'scanners/readers.ts ← ../src/scan/scanners.ts',
    'servers/tick-process.ts ← ../src/serve/tick.ts',
  ])
})
