import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Scanner } from '../../src/scan/scanner.ts'
import { createScanners, findScanner } from '../../src/scan/scanners.ts'

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
  'a.html': '<img src="a.png">',
  'a.webmanifest': '{"icons":[{"src":"a.png"}],"x":',
  'a.js.map': '{"file":"a.js","x":',
}

const SHORT = 128 * 1024
/** Eight times as long takes eight times as long where time grows linearly, sixty-four times where it is quadratic. */
const GROWTH = 8
const MAX_GROWTH = 32
/** Below this much CPU time nothing can be told from noise, and nothing needs to be. */
const HARMLESS_MS = 150

/** Milliseconds of CPU time of the quickest of some scans: other work on the machine doesn't count. */
function cpuTimeOf(scanner: Scanner, text: string, runs: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const started = process.cpuUsage().user
    scanner.scan(text)
    best = Math.min(best, (process.cpuUsage().user - started) / 1000)
  }
  return best
}

for (const [path, pieces] of Object.entries(PIECES)) {
  describe(`one megabyte of beginnings in ${path} takes linear time`, () => {
    const scanner = findScanner(scanners, path) ?? assert.fail(path)
    const textOf = (piece: string, size: number) => FRONT[path] + piece.repeat(size / piece.length)
    for (const piece of pieces) {
      test(JSON.stringify(piece), () => {
        const long = cpuTimeOf(scanner, textOf(piece, SHORT * GROWTH), 1)
        if (long < HARMLESS_MS) return
        const ratio = long / cpuTimeOf(scanner, textOf(piece, SHORT), 2)
        assert.ok(ratio < MAX_GROWTH, `${GROWTH} times the text took ${ratio.toFixed(1)} times as long`)
      })
    }
  })
}
