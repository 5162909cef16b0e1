import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTree, readTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const TREE = {
  'assets/css/site.css': `a{background:url(../img/logo.svg)}${'b{color:red}'.repeat(50)}`,
  'assets/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'fingerpost.config.json': '{ "sources": ["assets"] }',
}

test('check finds nothing wrong with a fresh build', async (context) => {
  const cwd = makeTree(context, TREE)
  await runIn(cwd, 'build')
  const { code, stdout, stderr } = await runIn(cwd, 'check')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /^✓ \d files, [\d.]+ k?B: no faults\n$/)
  assert.deepEqual(JSON.parse((await runIn(cwd, 'check', '--json')).stdout).faults, [])
})

test('check names what is missing or altered, with exit code 1, and repairs siblings', async (context) => {
  const cwd = makeTree(context, TREE)
  await runIn(cwd, 'build')
  const out = join(cwd, 'staticfiles')
  const files = [...readTree(out).keys()]
  const sibling = files.find((file) => file.endsWith('.css.br')) ?? ''
  rmSync(join(out, sibling))
  const broken = await runIn(cwd, 'check')
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /site\.\w+\.css\.br {2}.*\n {2}Remove .*--repair\.\n✗ \d files, .*: 1 fault\n$/)
  const mended = await runIn(cwd, 'check', '--repair')
  assert.equal(mended.code, 0)
  assert.match(mended.stderr, /repaired/)
  writeFileSync(join(out, files.find((file) => file.endsWith('.svg')) ?? ''), 'other')
  const altered = await runIn(cwd, 'check')
  assert.equal(altered.code, 1)
  assert.match(altered.stderr, /\n {2}Remove these files and build again/)
  rmSync(join(out, files.find((file) => file.endsWith('.svg')) ?? ''))
  await runIn(cwd, 'build')
  assert.equal((await runIn(cwd, 'check')).code, 0)
})

test('check without a build says what to run', async (context) => {
  const { code, stderr } = await runIn(makeTree(context, TREE), 'check')
  assert.equal(code, 1)
  assert.match(stderr, /fingerpost build/)
})

test('check --templates names every misspelt name with file and line', async (context) => {
  const cwd = makeTree(context, {
    ...TREE,
    'views/page.njk': `<link href="{{ static('css/site.css') }}">\n<img src="{% static 'img/lgoo.svg' %}">`,
    'views/sub/part.ejs': `<%= static('img/logo.svg?v=1') %>`,
    'views/notes.txt': `static('not/read.css')`,
  })
  await runIn(cwd, 'build')
  const { code, stderr } = await runIn(cwd, 'check', '--templates', 'views/**/*.{njk,ejs}')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^views\/page\.njk:2:22 {2}"img\/lgoo\.svg" is not in the build\.\n {2}Did you mean img\/logo\.svg\?\n✓ .*\n✗ 3 names in 2 templates: 1 not in the build\n$/,
  )
  const right = await runIn(cwd, 'check', '--templates', 'views/sub/**', '--json')
  assert.equal(right.code, 0)
  assert.deepEqual(JSON.parse(right.stdout).templates, { templates: 1, names: 1, problems: [] })
  const one = await runIn(cwd, 'check', '--templates', 'views/page.njk')
  assert.match(one.stderr, /2 names in 1 template: 1 not in the build/)
})

test('check --templates with a glob that matches nothing is wrong usage', async (context) => {
  const cwd = makeTree(context, { ...TREE, 'views/a.njk': '' })
  await runIn(cwd, 'build')
  const { code, stderr } = await runIn(cwd, 'check', '--templates', 'views/*.ejs')
  assert.equal(code, 2)
  assert.match(stderr, /No template matches views\/\*\.ejs/)
})

test('check --integrity names tags of templates without integrity', async (context) => {
  const cwd = makeTree(context, {
    ...TREE,
    'views/page.njk':
      "{# <script src='old.js'></script> #}\n{{ stylesheetTag('css/site.css') }}\n<script src=\"/a.js\"></script>",
  })
  await runIn(cwd, 'build')
  const words = ['check', '--templates', 'views/**'] as const
  assert.equal((await runIn(cwd, ...words)).code, 0)
  const { code, stderr } = await runIn(cwd, ...words, '--integrity')
  assert.equal(code, 1)
  assert.match(stderr, /^views\/page\.njk:3:1 {2}<script src="\/a\.js"> has no integrity\.$/m)
  assert.match(stderr, /✓ 1 name in 1 template: all in the build\n✗ 1 tag without integrity\n$/)
})
