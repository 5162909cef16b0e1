import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import { isSystemError } from '../../../src/core/error.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'

const FOREIGN: Readonly<Record<string, Tree>> = {
  'a web app manifest': { 'manifest.json': '{"name":"My PWA"}' },
  'a web app manifest with a byte order mark': { 'manifest.json': '\uFEFF{"name":"My PWA"}' },
  "a browser extension's manifest": { 'manifest.json': '{"version":"1.0","assets":{}}' },
  "a bundler's list": { 'manifest.json': '{"version":1,"assets":["app.js"]}' },
  'a list as manifest': { 'manifest.json': '[]' },
  'a history without builds': { 'history.json': '{"version":1,"visits":[]}' },
  'a list as history': { 'history.json': '[{"url":"/"}]' },
}

const run = (cwd: string, mode: 'publish' | 'dry-run' = 'publish') =>
  build({ sources: ['src'], out: 'public', cache: false }, { cwd, mode })

for (const [name, tree] of Object.entries(FOREIGN)) {
  for (const mode of ['publish', 'dry-run'] as const) {
    test(`${name} in the output is refused and stays (${mode})`, async (context) => {
      const cwd = makeTree(context, { src: { 'a.css': 'a{}' }, public: { 'index.html': '<p>', ...tree } })
      const before = readTree(join(cwd, 'public'))
      await assert.rejects(run(cwd, mode), (error) => {
        assert.ok(isSystemError(error, 'FP_COLLISION'), String(error))
        assert.match(
          error.message,
          new RegExp(`public has a ${Object.keys(tree)[0]} that fingerpost didn't write`),
        )
        assert.match(error.message, /--out DIR/)
        return true
      })
      assert.deepEqual(readTree(join(cwd, 'public')), before)
    })
  }
}

const OURS: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'a manifest that is cut off': ['manifest.json', '{"version":1,'],
  'an empty manifest': ['manifest.json', ''],
  'a manifest full of zeros': ['manifest.json', '\0\0\0\0'],
  'a manifest of a later version': ['manifest.json', '{"version":2,"assets":{}}'],
  'a manifest with a field that is wrong': ['manifest.json', '{"version":1,"assets":{"a.css":{}}}'],
  'a history that is cut off': ['history.json', '{"version":1,"builds":['],
  'a history of a later version': ['history.json', '{"version":2,"builds":[]}'],
}

for (const [name, [file, text]] of Object.entries(OURS)) {
  test(`${name} is ours and is replaced`, async (context) => {
    const cwd = makeTree(context, { src: { 'a.css': 'a{}' } })
    await run(cwd)
    writeFileSync(join(cwd, 'public', file), text)
    await run(cwd, 'dry-run')
    await run(cwd)
    assert.notEqual(readTree(join(cwd, 'public')).get(file)?.toString(), text)
  })
}
