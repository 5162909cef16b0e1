import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIgnore } from '../../src/sources/ignore.ts'

const cases: readonly [globs: readonly string[], path: string, kind: 'file' | 'folder', ignored: boolean][] =
  [
    [[], 'css/site.css', 'file', false],
    [[], '.env', 'file', true],
    [[], 'css/.env', 'file', true],
    [[], '.well-known', 'folder', false],
    [[], 'CVS', 'folder', true],
    [[], 'notes.txt~', 'file', true],
    [['*.map'], 'js/deep/app.js.map', 'file', true],
    [['*.map'], 'js/app.js', 'file', false],
    [['js/*.map'], 'js/app.js.map', 'file', true],
    [['js/*.map'], 'js/deep/app.js.map', 'file', false],
    [['js/**'], 'js/deep/app.js', 'file', true],
    [['**/test/**'], 'a/test/b.js', 'file', true],
    [['/top.css'], 'top.css', 'file', true],
    [['/top.css'], 'sub/top.css', 'file', false],
    [['drafts/'], 'drafts', 'folder', true],
    [['drafts/'], 'sub/drafts', 'folder', true],
    [['drafts/'], 'drafts', 'file', false],
    [['!.htaccess'], '.htaccess', 'file', false],
    [['!.*'], '.env', 'file', false],
    [['*.js', '!keep.js'], 'keep.js', 'file', false],
    [['!keep.js', '*.js'], 'keep.js', 'file', true],
    [['*.{psd,ai}'], 'logo.ai', 'file', true],
  ]

for (const [globs, path, kind, ignored] of cases) {
  test(`with ${JSON.stringify(globs)} the ${kind} ${path} is ${ignored ? 'ignored' : 'kept'}`, () => {
    assert.equal(createIgnore(globs)(path, kind), ignored)
  })
}
