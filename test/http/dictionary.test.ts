import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatUseAsDictionary } from '../../src/http/dictionary.ts'

const HASH = '0123456789abcdef'

for (const [path, pattern] of [
  ['css/site', '/static/css/site.:h.css'],
  ['npm/lit@3.3.0/site', '/static/npm/lit@:v/site.:h.css'],
  ['npm/@x/y@1.0.0-a+1/b/c', '/static/npm/@x/y@:v/b/c.:h.css'],
] as const) {
  test(`as a dictionary, ${path} is for other builds of it: ${pattern}`, () => {
    const match = formatUseAsDictionary('/static/', `${path}.css`, `${path}.${HASH}.css`)
    assert.equal(match, `match="${pattern}"`)
    const url = `/static/${path.replace(/@[\d.]+/, '@9.9')}.fedcba9876543210.css`
    assert.match(url, new RegExp(`^${pattern.replace(/:\w/g, '[^/]+?').replaceAll('.', '\\.')}$`))
  })
}
