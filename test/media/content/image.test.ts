import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareMediaType } from '../../../src/core/media-type.ts'
import {
  agreesWithName,
  claimedImageType,
  headBytesOf,
  sniffImageType,
} from '../../../src/media/content/image.ts'
import { GIF, JPEG, PNG, SVG, WEBP } from '../../support/image.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

test('real images are recognised by their first bytes', () => {
  assert.equal(sniffImageType(PNG), 'image/png')
  assert.equal(sniffImageType(JPEG), 'image/jpeg')
  assert.equal(sniffImageType(GIF), 'image/gif')
  assert.equal(sniffImageType(WEBP), 'image/webp')
  assert.equal(sniffImageType(latin1('\0\0\0\x20ftypavif\0\0')), 'image/avif')
  assert.equal(sniffImageType(latin1('BM\x46\0\0\0')), 'image/bmp')
  assert.equal(sniffImageType(latin1('\0\0\x01\0\x01\0')), 'image/x-icon')
  assert.equal(sniffImageType(SVG), 'image/svg+xml')
})

test('an SVG is found behind its prologue', () => {
  const prologue = '\ufeff<?xml version="1.0"?>\n<!-- <html> -->\n<!DOCTYPE svg>\n<svg xmlns="…">'
  assert.equal(sniffImageType(Buffer.from(prologue)), 'image/svg+xml')
  assert.equal(sniffImageType(Buffer.from('<?xml version="1.0"?><html><svg>')), undefined)
})

const SVG_ROOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

const SVGS: readonly (readonly [why: string, bytes: Uint8Array])[] = [
  [
    'entities in its DOCTYPE, as Illustrator writes it',
    Buffer.from(
      `<?xml version="1.0"?>\n<!-- Generator -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [\n\t<!ENTITY ns_a "http://a/?x>y]">\n\t<!-- don't ]> --><?pi ]> ?>\n\t<!ENTITY ns_b 'http://b/'>\n]>\n${SVG_ROOT}`,
    ),
  ],
  ['a licence before its root', Buffer.from(`<!--${'licence '.repeat(5000)}-->\n${SVG_ROOT}`)],
  ['a prefix on its root', Buffer.from('<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>')],
  ['two comments and blanks', Buffer.from(`\n\t<!-- a --> <!-- b -->\r\n${SVG_ROOT}`)],
  ['UTF-16, big endian', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be(SVG_ROOT)])],
  ['UTF-16, little endian', Buffer.from(`\ufeff${SVG_ROOT}`, 'utf16le')],
]

for (const [why, bytes] of SVGS) {
  test(`an SVG with ${why} is one`, () => {
    const { length } = bytes
    assert.ok(agreesWithName('a.svg', bytes.subarray(0, headBytesOf('a.svg'))), `${length} bytes`)
  })
}

test('a prologue that never ends is no SVG', () => {
  for (const part of ['<!--', '<?', '<!DOCTYPE [', '<!DOCTYPE [<!ENTITY "', "'", '<!DOCTYPE [<!--', ' ']) {
    const text = `<!DOCTYPE svg [${part.repeat(10_000)}`
    assert.equal(sniffImageType(Buffer.from(text)), undefined)
    assert.equal(sniffImageType(Buffer.from(part.repeat(10_000))), undefined)
  }
})

const box = (...brands: readonly string[]) => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(8 + brands.length * 4)
  return Buffer.concat([size, latin1(`ftyp${brands.join('')}`), latin1('\0\0\0\x08free')])
}

test('an AVIF may name its brand among the compatible ones', () => {
  const version = '\0\0\0\0'
  assert.equal(sniffImageType(box('mif1', version, 'miaf', 'avif')), 'image/avif')
  assert.equal(sniffImageType(box('avis', version, 'msf1')), 'image/avif')
  const large = latin1(`\0\0\0\x01ftyp\0\0\0\0\0\0\0\x20mif1${version}miafavif`)
  assert.equal(sniffImageType(large), 'image/avif')
  assert.equal(sniffImageType(box('heic', version, 'mif1', 'heic')), undefined)
  assert.equal(sniffImageType(Buffer.concat([box('isom', version), latin1('avifavif')])), undefined)
})

test('all usual extensions of an image promise one', () => {
  for (const name of ['a.jfif', 'a.jpe', 'a.jif', 'a.jfi', 'a.pjpeg', 'a.pjp', 'A.JPG']) {
    assert.equal(claimedImageType(name), 'image/jpeg', name)
    assert.equal(bareMediaType(name), 'image/jpeg', name)
  }
  assert.deepEqual(
    ['a.avifs', 'a.dib', 'a.cur'].map((name) => [claimedImageType(name), bareMediaType(name)]),
    [
      ['image/avif', 'image/avif'],
      ['image/bmp', 'image/bmp'],
      ['image/x-icon', 'image/x-icon'],
    ],
  )
  assert.equal(sniffImageType(latin1('\0\0\x02\0\x01\0')), 'image/x-icon')
})

const DISGUISED: readonly (readonly [why: string, name: string, bytes: Uint8Array])[] = [
  ['HTML called a picture', 'cat.png', Buffer.from('<script>alert(1)</script>')],
  ['PHP called a picture', 'cat.jpg', Buffer.from('<?php system($_GET["c"]);')],
  ['a script behind a shebang', 'cat.gif', Buffer.from('#!/bin/sh\n')],
  ['an SVG called a PNG', 'cat.png', SVG],
  ['a GIF called a PNG', 'cat.png', GIF],
  ['HTML called an SVG', 'cat.svg', Buffer.from('<html><svg/></html>')],
  ['RIFF audio called WebP', 'cat.webp', latin1('RIFF\0\0\0\0WAVEfmt ')],
  ['WEBP without RIFF', 'cat.webp', latin1('XXXX\0\0\0\0WEBPVP8 ')],
  ['an empty file called a picture', 'cat.jpeg', Buffer.alloc(0)],
  ['a signature cut short', 'cat.png', PNG.subarray(0, 7)],
]

for (const [why, name, bytes] of DISGUISED) {
  test(`no image: ${why}`, () => assert.equal(agreesWithName(name, bytes), false))
}

test('a name that promises no image agrees with any bytes', () => {
  assert.equal(claimedImageType('a.pdf'), undefined)
  assert.ok(agreesWithName('a.pdf', Buffer.from('<html>')))
  assert.ok(agreesWithName('A.PNG', PNG))
})
