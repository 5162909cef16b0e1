import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCompressible, mediaType } from '../../src/core/media-type.ts'

test('types are those of the standards, with a charset for text', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['a.css', 'text/css; charset=utf-8'],
    ['A.CSS', 'text/css; charset=utf-8'],
    ['a.js', 'text/javascript; charset=utf-8'],
    ['a.mjs', 'text/javascript; charset=utf-8'],
    ['a.js.map', 'application/json; charset=utf-8'],
    ['a.json', 'application/json; charset=utf-8'],
    ['a.svg', 'image/svg+xml; charset=utf-8'],
    ['a.html', 'text/html; charset=utf-8'],
    ['site.webmanifest', 'application/manifest+json; charset=utf-8'],
    ['robots.txt', 'text/plain; charset=utf-8'],
    ['a.png', 'image/png'],
    ['a.avif', 'image/avif'],
    ['favicon.ico', 'image/x-icon'],
    ['a.cur', 'image/x-icon'],
    ['a.woff2', 'font/woff2'],
    ['a.ttf', 'font/ttf'],
    ['a.eot', 'application/vnd.ms-fontobject'],
    ['a.wasm', 'application/wasm'],
    ['a.mp4', 'video/mp4'],
    ['.well-known/apple-app-site-association', 'application/json; charset=utf-8'],
    ['LICENSE', 'application/octet-stream'],
    ['.env', 'application/octet-stream'],
  ]
  for (const [path, type] of rows) assert.equal(mediaType(path), type, path)
})

test('what is compressed already is not compressed again', () => {
  for (const path of [
    'a.css',
    'a.js',
    'a.svg',
    'a.ico',
    'a.bmp',
    'a.ttf',
    'a.eot',
    'a.wasm',
    'LICENSE',
    'a.json',
  ]) {
    assert.ok(isCompressible(path), path)
  }
  const compressed = [
    'a.png',
    'a.jpg',
    'a.gif',
    'a.webp',
    'a.avif',
    'a.woff',
    'a.woff2',
    'a.mp4',
    'a.webm',
    'a.mp3',
  ]
  for (const path of [...compressed, 'a.zip', 'a.gz', 'a.br', 'a.tar.zst', 'a.7z', 'a.pdf']) {
    assert.ok(!isCompressible(path), path)
  }
})
