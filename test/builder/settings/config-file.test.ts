import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfigFile } from '../../../src/builder/settings/config-file.ts'
import { makeTree } from '../../support/tree.ts'

const contents: Readonly<Record<string, string>> = {
  'fingerpost.config.ts': 'const sources: string[] = ["ts"]; export default { sources }',
  'fingerpost.config.mts': 'const sources: string[] = ["mts"]; export default { sources }',
  'fingerpost.config.js': 'module.exports = { sources: ["js"] }',
  'fingerpost.config.mjs': 'export default { sources: ["mjs"] }',
  'fingerpost.config.json': '{ "sources": ["json"] }',
}
for (const [name, text] of Object.entries(contents)) {
  test(`${name} is found and read`, async (context) => {
    const cwd = makeTree(context, { [name]: text })
    const { file, folder, value } = await loadConfigFile(cwd, undefined)
    assert.equal(file, join(cwd, name))
    assert.equal(folder, cwd)
    assert.deepEqual(value, { sources: [name.slice('fingerpost.config.'.length)] })
  })
}

test('without a config file everything has its default', async (context) => {
  const cwd = makeTree(context)
  assert.deepEqual(await loadConfigFile(cwd, undefined), { file: undefined, folder: cwd, value: {} })
})

test("a named file's paths start from its own folder", async (context) => {
  const cwd = makeTree(context, { 'config/static.json': '{}' })
  assert.equal((await loadConfigFile(cwd, 'config/static.json')).folder, join(cwd, 'config'))
})

test('two config files are one too many', async (context) => {
  const cwd = makeTree(context, { 'fingerpost.config.js': '', 'fingerpost.config.json': '' })
  await assert.rejects(loadConfigFile(cwd, undefined), {
    code: 'FP_CONFIG',
    message: /fingerpost\.config\.js, fingerpost\.config\.json/,
  })
})

test('what can not be loaded says why', async (context) => {
  const cwd = makeTree(context, {
    'broken.json': '{',
    'comma.json': '{\n  "sources": [],\n}',
    'broken.mjs': 'export default {\n  sources: [,\n  url: 1\n}',
    'throws.mjs': 'throw new TypeError("no such thing")',
    'nothing.mjs': 'export const x = 1',
    'import.mjs': 'import "./not-there.mjs"; export default {}',
  })
  const expected: Readonly<Record<string, RegExp>> = {
    'none.json': /none\.json doesn't exist/,
    'none.mjs': /none\.mjs doesn't exist/,
    'broken.json': /broken\.json:1 can't be loaded: SyntaxError/,
    'comma.json': /comma\.json:3 can't be loaded: SyntaxError/,
    'broken.mjs': /broken\.mjs:3 can't be loaded: SyntaxError/,
    'throws.mjs': /TypeError: no such thing/,
    'nothing.mjs': /no default export/,
    'import.mjs': /import\.mjs can't be loaded: .*not-there/,
  }
  for (const [name, message] of Object.entries(expected)) {
    await assert.rejects(loadConfigFile(cwd, name), { code: 'FP_CONFIG', message }, name)
  }
})
