import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runNode } from './cli.ts'
import { groupFiles } from './groups.mjs'
import { makeTree } from './tree.ts'

const passing = (name: string) => `import { test } from 'node:test'\ntest('${name}', () => {})\n`

test('files that need no process of their own share one, and one that cannot be loaded fails alone', async (context) => {
  const folder = makeTree(context, {
    'core/a.test.mjs': passing('first'),
    'core/b.test.mjs': 'throw new Error("does not load")',
    'core/c.test.mjs': passing('last'),
    'core/own.test.mjs': `process.chdir('/')\n${passing('alone')}`,
    'scan/d.test.mjs': passing('other room'),
  })
  const place = makeTree(context)
  const files = ['core/a', 'core/b', 'core/c', 'core/own', 'scan/d'].map((name) => `${name}.test.mjs`)
  const programs = groupFiles(folder, files, place)
  assert.deepEqual(programs.sort(), [
    ...[`${folder}/core/own.test.mjs`, `${place}/core-0.test.mjs`, `${place}/scan-0.test.mjs`].sort(),
  ])
  const { code, stdout } = await runNode(['--test', '--test-reporter', 'tap', ...programs], { cwd: folder })
  assert.equal(code, 1)
  for (const name of ['first', 'last', 'alone', 'other room'])
    assert.match(stdout, new RegExp(`^ *ok \\d+ - ${name}$`, 'm'))
  assert.equal(stdout.match(/^ *not ok \d+ - .*b\.test\.mjs$/gm)?.length, 1)
  assert.match(stdout, /does not load/)
})
