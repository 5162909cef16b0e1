import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJavascriptScanner } from '../../../src/scan/javascript/javascript.ts'

const scanner = await createJavascriptScanner()

for (const code of [
  'module.exports = 1',
  'exports.a = 1',
  "const a = require('a')",
  'Object.defineProperty(exports, "__esModule", {})',
  '(function (g, f) { typeof exports === "object" ? f(exports) : f(g) })()',
  'exports.load = () => import("./a.js")',
]) {
  test(`CommonJS: ${code}`, () => assert.equal(scanner.scan(code).isCommonJs, true))
}

for (const code of [
  'window.a = 1',
  'import a from "a"; module.exports = a',
  'export {}; typeof exports',
  'const a = my.require("a"), b = $exports.a',
  'console.log(import.meta.url, require("a"))',
]) {
  test(`not CommonJS: ${code}`, () => assert.equal(scanner.scan(code).isCommonJs, undefined))
}

for (const [code, ...starts] of [
  ['process.env.NODE_ENV', 0],
  ['export const a = process.env.NODE_ENV !== "production" && process.env.NODE_ENV', 17, 58],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: JavaScript as text
  ['`${process.env.NODE_ENV} process.env.NODE_ENV`', 3],
  ['"process.env.NODE_ENV" // process.env.NODE_ENV'],
  ['a.process.env.NODE_ENV; process.env.NODE_ENVIRONMENT; process.env.NODE_ENV = "a"'],
  ['typeof process === "object" && process.env.NODE_ENV'],
] as const) {
  test(`reads of NODE_ENV: ${code}`, () => {
    assert.deepEqual(
      (scanner.scan(code).nodeEnv ?? []).map(({ start }) => start),
      starts,
    )
  })
}

test('imports with attributes are told from those without', () => {
  const { references } = scanner.scan(
    'import "a"; import b from "b" with { type: "json" }; import("c"); import("d", { with: { type: "css" } })',
  )
  assert.deepEqual(
    references.map(({ specifier, hasAttributes = false }) => `${specifier} ${hasAttributes}`),
    ['a false', 'b true', 'c false', 'd true'],
  )
})

test('a name that begins with # is a specifier, not a fragment', () => {
  const [reference] = scanner.scan('import "#dep/a.js"').references
  assert.deepEqual([reference?.specifier, reference?.suffix], ['#dep/a.js', ''])
})
