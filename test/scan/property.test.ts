import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatHashedPath } from '../../src/core/hashed-path.ts'
import { parsePublicUrl } from '../../src/core/public-url.ts'
import type { Reference } from '../../src/core/reference/reference.ts'
import { followSpecifier } from '../../src/core/reference/specifier.ts'
import { decodeText, encodeText, insertInto, offsetAfter, replaceIn } from '../../src/core/reference/text.ts'
import type { Scanner } from '../../src/scan/scanner.ts'
import { createScanners, findScanner } from '../../src/scan/scanners.ts'
import { runs } from '../support/fuzz.ts'

const scanners = await createScanners({ html: true })
const digest = '0123456789abcdef'
const publicUrl = parsePublicUrl('/static/')

/** What texts are thrown together from: pieces of the language, of URLs and of nothing in particular. */
const NAMES = [
  'a.png',
  'a',
  'b.c.css',
  '../d.js',
  './e.mjs',
  '/static/f.css',
  'g%2Ejs',
  'h%20i.png',
  '\\66.png',
  '\\66 ',
  'ä😀.js',
  'it%27s%20%28a%29%26b.png',
  'c+%2B/~+%7e.png',
  '%24%7Ba%7D.js',
  'a%2C%3Bb%2A%2Fc%3Ad.css',
  './/x%5B%5D.js',
]
const SUFFIXES = ['?v', '#x', '?#iefix', '?a.b/c#d']
const NOISE = [
  ' ',
  '\n',
  '\r\n',
  '\t',
  '"',
  "'",
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ';',
  ',',
  '\\',
  '/*',
  '*/',
  '//',
  '\uFEFF',
  '<',
  '>',
  '&amp;',
]
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  'x/a.css': [
    'url(',
    'URL("',
    '--a:url(',
    "--b:url('",
    '@import ',
    "@import '",
    'image-set("',
    'src("',
    'a{b:',
    '/*# sourceMappingURL=',
    '\\75rl(',
  ],
  'x/a.js': [
    ...[
      'import "./',
      'import("./',
      'export * from "',
      'new URL("',
      '", import.meta.url)',
      'import.meta.resolve("',
    ],
    ...['//# sourceMappingURL=', '`', '${', '=/x/;'],
  ],
  'x/a.svg': [
    '<svg>',
    '<use href="',
    "<image xlink:href='",
    '"/>',
    "'/>",
    '<rect fill="url(',
    '<style>',
    '</style>',
    '<![CDATA[',
    ']]>',
  ],
  'x/a.html': [
    '<img src="',
    '<img src=',
    '<img srcset="',
    ' 1x, ',
    '">',
    '<style>url(',
    '</style>',
    '<link rel=icon href=',
  ],
  'x/a.webmanifest': ['{"icons":[{"src":"', '"}', ']', '"screenshots":[{"src":"', ','],
  'x/a.js.map': ['{"file":"', '"', ',"version":3', '}'],
}

test('an escape never makes a template placeholder of what is before it', () => {
  const scanner = findScanner(scanners, 'x/a.css') ?? assert.fail()
  for (const text of ['url(<^.png)', 'url({^.png)', 'url({<^.png)', 'url({{<{^.png)'])
    assertRoundTrip(scanner, 'x/a.css', text)
})

test('an encoded slash stays in a segment that is taken back', () => {
  const scanner = findScanner(scanners, 'x/a.css') ?? assert.fail()
  for (const text of ['url(a%2Fb.css/../d.js)', 'url(../a%2Fb.css)'])
    assertRoundTrip(scanner, 'x/a.css', text)
})

for (const [path, pieces] of Object.entries(LANGUAGES)) {
  describe(`for any text as ${path}`, () => {
    const scanner = findScanner(scanners, path) ?? assert.fail(path)
    const piece = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...pieces) },
      { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 1, arbitrary: fc.constantFrom(...SUFFIXES) },
      { weight: 2, arbitrary: fc.constantFrom(...NOISE) },
      { weight: 1, arbitrary: fc.string() },
    )
    const texts = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''))

    test('references are in order, apart, and have their digest inside', () => {
      fc.assert(
        fc.property(texts, (text) => assertWellFormed(scanner, text)),
        runs(500),
      )
    })

    test('a rewritten text has the same references, to the hashed names, and nothing else has changed', () => {
      fc.assert(
        fc.property(texts, (text) => assertRoundTrip(scanner, path, text)),
        runs(500),
      )
    })

    test('any bytes at all are accepted and survive', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          const decoded = decodeText(bytes)
          scanner.scan(decoded.text)
          assert.deepEqual(encodeText(decoded), Buffer.from(bytes))
        }),
      )
    })
  })
}

function assertWellFormed(scanner: Scanner, text: string): void {
  let last = 0
  for (const { start, end, digestAt, specifier } of scanner.scan(text).references) {
    assert.ok(start >= last && start <= digestAt && digestAt <= end && end <= text.length)
    assert.notEqual(specifier.trim(), '')
    last = end
  }
}

function assertRoundTrip(scanner: Scanner, path: string, text: string): void {
  const { references } = scanner.scan(text)
  const inserted = `.${digest}`
  const followed = references.filter((reference) => follow(path, reference) !== undefined)
  const edits = followed.flatMap((reference) => {
    const { edits = [], escapes = [] } = reference
    const others = edits.filter(({ start }) => escapes.every((escaped) => escaped.start !== start))
    return [...others, ...escapes].sort((a, b) => a.start - b.start)
  })
  const rewritten = insertInto(
    replaceIn(text, edits),
    followed.map(({ digestAt }) => ({ at: offsetAfter(digestAt, edits), text: inserted })),
  )
  const again = scanner.scan(rewritten).references
  assert.deepEqual(
    again.map(({ suffix }) => suffix),
    references.map(({ suffix }) => suffix),
  )
  assert.deepEqual(
    again.map((reference) => follow(path, reference)),
    references.map((reference) => hashed(follow(path, reference))),
  )
}

/** Where a reference leads; its specifier where it leads to no file of ours. */
function follow(path: string, { kind, specifier }: Reference): { readonly path: string } | undefined {
  const destination = followSpecifier(kind, specifier, path, publicUrl)
  // What ends in a slash or dots names a folder, which has no hashed name.
  const names = !/(?:^\s*|[/\\]|%2f)(?:\.|%2e){0,2}\s*$/i.test(specifier)
  return destination.kind === 'inside' && names ? { path: destination.path } : undefined
}

function hashed(target: { readonly path: string } | undefined): { readonly path: string } | undefined {
  return target && { path: formatHashedPath({ path: target.path, digest }) }
}
