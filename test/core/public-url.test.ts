import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePublicUrl, parseServedUrl } from '../../src/core/public-url.ts'

test('a public url is a path or an address, with a slash at its end', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['/static/', '/static/', '', '/static/'],
    ['/static', '/static/', '', '/static/'],
    ['/', '/', '', '/'],
    ['https://cdn.example/a/b', 'https://cdn.example/a/b/', 'https://cdn.example', '/a/b/'],
    ['https://cdn.example:8443', 'https://cdn.example:8443/', 'https://cdn.example:8443', '/'],
    ['//cdn.example/s/', '//cdn.example/s/', '//cdn.example', '/s/'],
  ]
  for (const [text, href, origin, pathname] of rows)
    assert.deepEqual(parsePublicUrl(text), { href, origin, pathname })
})

test('anything else is refused with examples', () => {
  for (const text of [
    '',
    'static/',
    '/a?b',
    '/a#b',
    'ftp://x/',
    'https://',
    '/a b/',
    'javascript:alert(1)',
  ]) {
    assert.throws(() => parsePublicUrl(text), { code: 'FP_CONFIG', message: /such as \/static\// }, text)
  }
})

test('a path that browsers change or routes read otherwise is refused with the reason', () => {
  const rows = [
    ['/../static/', /browsers resolve/],
    ['/a/./b/', /browsers resolve/],
    ['https://cdn.example/a/../b', /browsers resolve/],
    ['/a\\b/', /backslash/],
    ['/*/', /routes read/],
    ['/:x/', /routes read/],
    ['/a%20b/', /routes read/],
    ['/a%/', /routes read/],
  ] as const
  for (const [text, message] of rows)
    assert.throws(() => parseServedUrl(text), { code: 'FP_CONFIG', message }, text)
  for (const text of ['/é/', '/(x)/', '/s+x/', '/a.b/', '/.well/', 'https://cdn.example/a%20b/'])
    assert.equal(parseServedUrl(text).href, text)
})
