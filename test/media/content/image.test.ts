import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agreesWithName, claimedImageType, sniffImageType } from '../../../src/media/content/image.ts'
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
