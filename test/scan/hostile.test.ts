import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
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

const LENGTH = 1024 * 1024

/**
 * Milliseconds that only a scan which has lost its way takes: linear ones need at most some three thousand here, and a
 * quadratic one would have half a million times a million steps before it.
 */
const HANG_MS = 30_000

/** Scans in a way that can be interrupted; an `ERR_SCRIPT_EXECUTION_TIMEOUT` is the failure of the test. */
function scanOrGiveUp(scan: () => void, timeout = HANG_MS): void {
  runInNewContext('scan()', { scan }, { timeout })
}

for (const [path, pieces] of Object.entries(PIECES)) {
  describe(`one megabyte of beginnings in ${path} comes to an end`, () => {
    const scanner = findScanner(scanners, path) ?? assert.fail(path)
    for (const piece of pieces) {
      test(JSON.stringify(piece), () => {
        const text = FRONT[path] + piece.repeat(LENGTH / piece.length)
        scanOrGiveUp(() => scanner.scan(text))
      })
    }
  })
}

test('a scan that has lost its way is given up', () => {
  const stuck = () => {
    for (;;) 'text'.indexOf('never')
  }
  assert.throws(() => scanOrGiveUp(stuck, 50), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' })
})
