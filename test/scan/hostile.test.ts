import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createContext, Script } from 'node:vm'
import fc from 'fast-check'
import type { Scanner } from '../../src/scan/scanner.ts'
import { createScanners, findScanner } from '../../src/scan/scanners.ts'
import { TYPESCRIPT } from '../support/cli.ts'
import { runs } from '../support/fuzz.ts'
import { rounds } from '../support/long.ts'

const SRC = join(import.meta.dirname, '../../src')

const scanners = await createScanners({ html: true })

/** Beginnings that a careless reader looks for the end of, again and again. */
const PIECES: Readonly<Record<string, readonly string[]>> = {
  'a.css': [
    ...[
      'url(',
      'url("',
      "url('",
      'url( ',
      'url(\\',
      'url(a\n',
      'url(data:',
      'u\\72l(',
      '\\',
      '\\\n',
      'a\\ ',
      '\\31 ',
    ],
    ...[
      '"',
      "'",
      '"\n',
      '(',
      '[',
      '{',
      '}',
      '({[',
      '/*',
      '/**/',
      '*/',
      '<!--',
      '-->',
      '@',
      '@import ',
      '@import url(',
    ],
    ...[
      '@supports (',
      'image-set(',
      'image-set("a" ',
      'src(',
      'url(a)',
      '@import "a";',
      '/*# sourceMappingURL=a*/',
      '{{',
    ],
  ],
  'a.js': [
    ...[
      'import',
      'import(',
      'import("',
      'import(`${',
      'import"a";',
      'export*from"a";',
      'import.meta',
      'import.meta.url,',
    ],
    ...[
      'new URL(',
      'new URL("',
      'new URL("a",',
      'new URL(/*',
      'new URL("a",/*',
      'new  ',
      'new URL("a",import.meta.url)',
    ],
    ...[
      'import.meta.resolve(',
      'import.meta.resolve("',
      'import.meta.resolve(/*',
      'import.meta./**/',
      'import.meta //',
      'import.meta //\n',
      'import a from /*"',
      'import/*',
      'import.meta.resolve("\\',
    ],
    ...['`', '`${', '/', '/*', '//', '"', '"\\', '(', '{', '[', '\u2028', 'import /*', 'export {'],
    ...[
      '//# sourceMappingURL=',
      '//# sourceMappingURL=a\n',
      '/*# sourceMappingURL=',
      '/*# sourceMappingURL=a*/',
      '//#     ',
    ],
  ],
  'a.svg': [
    ...[
      '<a',
      '<a>',
      '<a href="',
      '<a href="b">',
      '<use href="a"/>',
      '&',
      '&a;',
      '&#',
      '<style>',
      '<style>url(',
      '<![CDATA[',
      '<style><!-- <![CDATA[',
      '<use href="<![CDATA[',
    ],
    ...[
      '<!--',
      '<?',
      '</',
      '</a>',
      '<!DOCTYPE [',
      '<!ENTITY ',
      '<a style="url(',
      '<a href="&amp;"/>',
      "<a b='",
      '\r\n',
      '>',
    ],
  ],
  'browserconfig.xml': [
    ...['<', '<a', '<a>', '<a src="', '<square70x70logo src="a"/>', '<TileImage src=', '&', '&#', '&a;'],
    ...['<!--', '<!', '<![CDATA[', '<?', '<?xml ', '</', '"', "'", ']]>'],
  ],
  'a.html': [
    ...[
      '<',
      '<a',
      '<img src=',
      '<img src="',
      '<img src="a">',
      '<img srcset="',
      '<img srcset="a,',
      '<img srcset="a (',
      '&',
      '&amp',
    ],
    ...[
      '<img src="<![CDATA[',
      '<style>',
      '<style>url(',
      '</',
      '<!--',
      '<script>',
      '<textarea>',
      '<p style="url(',
      '<b><p>',
      '<link rel="',
      '<svg>',
      '\r\n',
    ],
  ],
  'a.webmanifest': [
    '[',
    '{',
    '{"icons":[',
    '{"icons":[{"src":"',
    '"',
    '"\\',
    '\\"',
    '"a":',
    ',',
    '-',
    '1e9',
    '1',
    '}',
    ']',
  ],
  'a.js.map': ['{"a":', '[', '"', '"\\\\', '{"file":"a",', '{"sections":['],
}

/** References, so that no sweep passes the text over. */
const FRONT: Readonly<Record<string, string>> = {
  'a.css': 'a{b:url(c.png)}',
  'a.js': 'import "./a.js";//# sourceMappingURL=x\n',
  'a.svg': '<svg><use href="a.svg"/>',
  'browserconfig.xml': '<browserconfig><square70x70logo src="a.png"/>',
  'a.html': '<img src="a.png">',
  'a.webmanifest': '{"icons":[{"src":"a.png"}],"x":',
  'a.js.map': '{"file":"a.js","x":',
}

const KIB = 1024

/** Bytes of the larger text: quadratic work already shows at the smaller ones. */
const ONE_PIECE = rounds(64, 1024) * KIB
const ANY_PIECES = rounds(128, 1024) * KIB

/** Bytes of a text whose scan must do with little memory, and mebibytes of heap: twice what the hungriest scan needs. */
const MEMORY_TEXT = 1024 * KIB
const HEAP_MIB = 256

/** Milliseconds that only a scan without an end takes: a guard against a test that never returns, not a measure. */
const HANG_MS = 120_000

const interruptible = createContext()
const call = new Script('scan()')

/** Scans in a way that can be interrupted; an `ERR_SCRIPT_EXECUTION_TIMEOUT` is the failure of the test. */
function scanOrGiveUp(scan: () => void, timeout = HANG_MS): void {
  interruptible['scan'] = scan
  call.runInContext(interruptible, { timeout })
}

/** Milliseconds of processor time, which other processes don't lengthen. */
function costOf(scanner: Scanner, text: string): number {
  const before = process.cpuUsage()
  scanOrGiveUp(() => scanner.scan(text))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Four times the text costs four times the work; sixteen times where the work is quadratic. */
const MAX_GROWTH = 10

/** Below this cost the growth says more about the compiler than about the scanner. */
const MIN_COST_MS = 40

/** Tries again before it fails: a garbage collection may fall into the longer scan. */
function assertLinear(scanner: Scanner, textOf: (length: number) => string, length: number): void {
  const growths: number[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    const [less, more] = [length / 4, length].map((size) => costOf(scanner, textOf(size)))
    const growth = (more ?? 0) / Math.max(less ?? 0, 1)
    if ((more ?? 0) < MIN_COST_MS || growth < MAX_GROWTH) return
    growths.push(growth)
  }
  assert.fail(
    `four times the text took ${growths.map((growth) => growth.toFixed(1)).join(', ')} times the work`,
  )
}

function repeatTo(length: number, front: string, unit: string): string {
  return front + unit.repeat(Math.ceil(length / unit.length))
}

/** Some beginnings, and what follows them again and again. */
function beginningsOf(pieces: readonly string[]): fc.Arbitrary<readonly [before: string, repeated: string]> {
  const some = (minLength: number, maxLength: number) =>
    fc.array(fc.constantFrom(...pieces), { minLength, maxLength }).map((each) => each.join(''))
  return fc.tuple(some(0, 3), some(1, 4))
}

/** Scans texts in a process with a small heap, whose end by lack of memory is the failure. */
function assertLittleMemory(
  texts: readonly (readonly [path: string, start: string, repeated: string])[],
): void {
  const code = `
    import { createScanners, findScanner } from ${JSON.stringify(join(SRC, 'scan/scanners.ts'))}
    const scanners = await createScanners({ html: true })
    for (const [path, start, repeated] of ${JSON.stringify(texts)}) {
      console.log(JSON.stringify([path, start, repeated]))
      findScanner(scanners, path).scan(start + repeated.repeat(${MEMORY_TEXT} / repeated.length))
    }
    console.log('done')`
  const { status, stdout } = runWithHeap(HEAP_MIB, code)
  const last = stdout.trimEnd().split('\n').at(-1)
  assert.equal(status, 0, `no memory left for ${last}`)
  assert.equal(last, 'done')
}

/** Runs a module of TypeScript in a process with a heap of so many mebibytes. */
function runWithHeap(mebibytes: number, code: string) {
  const options = [
    ...[`--max-old-space-size=${mebibytes}`, ...TYPESCRIPT],
    ...['--input-type=module', '--eval', code],
  ]
  return spawnSync(process.execPath, options, { encoding: 'utf8', timeout: 5 * HANG_MS })
}

test('every scanner is tried', () => {
  const tried = Object.keys(PIECES).map((path) => findScanner(scanners, path))
  assert.deepEqual(new Set(tried), new Set(scanners))
})

for (const [path, pieces] of Object.entries(PIECES)) {
  const scanner = findScanner(scanners, path) ?? assert.fail(path)
  const front = FRONT[path] ?? ''

  describe(`the work for repeated beginnings in ${path} is linear`, () => {
    for (const piece of pieces) {
      test(JSON.stringify(piece), () => {
        assertLinear(scanner, (length) => repeatTo(length, front, piece), ONE_PIECE)
      })
    }
  })

  test(`the work for any beginnings in ${path} is linear`, () => {
    fc.assert(
      fc.property(beginningsOf(pieces), ([before, repeated]) => {
        assertLinear(scanner, (length) => repeatTo(length, front + before, repeated), ANY_PIECES)
      }),
      runs(6),
    )
  })
}

test('a megabyte of any beginnings needs little memory', () => {
  const texts = Object.entries(PIECES).flatMap(([path, pieces]) => {
    const some = fc.sample(beginningsOf(pieces), rounds(4, 12))
    const single = pieces.slice(0, rounds(0, pieces.length)).map((piece) => ['', piece] as const)
    return [...some, ...single].map(
      ([before, repeated]) => [path, (FRONT[path] ?? '') + before, repeated] as const,
    )
  })
  assertLittleMemory(texts)
})

test('one long line comment after import.meta is read once', () => {
  const scanner = findScanner(scanners, 'a.js') ?? assert.fail()
  assertLinear(
    scanner,
    (length) => `serviceWorker;${'new URL("a",import.meta.url);'.repeat(length / 28)}`,
    512 * KIB,
  )
  for (const use of ['import.meta ', 'import.meta.resolve(', 'new URL("a", ', 'new URL(']) {
    assertLinear(scanner, (length) => `${use}${'/'.repeat(length)}\nimport.meta.url)`, 1024 * KIB)
  }
})

test('an instruction before much text is read once, and many images and animations each once', () => {
  const scanner = findScanner(scanners, 'a.svg') ?? assert.fail()
  const half = (length: number) => 'x'.repeat(length / 2)
  assertLinear(scanner, (n) => `<?xml-stylesheet ${half(n)} href="a"?><svg>${half(n)}</svg>`, 256 * KIB)
  assertLinear(scanner, (n) => '<?xml-stylesheet href="a"?>'.repeat(n / 27), 256 * KIB)
  assertLinear(scanner, (n) => `<svg><image srcset="${'a 1x,'.repeat(n / 5)}"/></svg>`, 256 * KIB)
  const animate = (n: number) => `<animate attributeName="href" values="${'a;'.repeat(n / 2)}"/>`
  assertLinear(scanner, (n) => `<svg><image href="a">${animate(n)}</image></svg>`, 256 * KIB)
})

test('a manifest with a long key needs little memory, however many values follow', () => {
  const code = `
    import { locateJson } from ${JSON.stringify(join(SRC, 'scan/json.ts'))}
    const json = \`{"\${'k'.repeat(130_000)}":[\${'1,'.repeat(65_000)}1],"icons":[{"src":"a.png"}]}\`
    console.log(locateJson(json, ['/icons/*/src']).length)`
  assert.equal(runWithHeap(64, code).stdout, '1\n')
})

test('a scan that has lost its way is given up', () => {
  const stuck = () => {
    for (;;) 'text'.indexOf('never')
  }
  assert.throws(() => scanOrGiveUp(stuck, 50), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' })
})

test('work that grows faster than the text is told', () => {
  // Four times the text costs 64 times the work, which shows on a busy machine as well.
  const cubic: Scanner = {
    ...(scanners[0] ?? assert.fail()),
    scan(text) {
      for (let from = 0; from < text.length; from += 64)
        for (let at = 0; at < text.length; at += 64) text.slice(at).lastIndexOf('x')
      return { references: [], notes: [] }
    },
  }
  assert.throws(() => assertLinear(cubic, (length) => '-'.repeat(length), 12 * KIB), /times the work/)
})
