import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasTool } from '../support/require.ts'

const TEST = join(import.meta.dirname, '..')
const readPage = (name: string) => readFileSync(join(TEST, '../docs', name), 'utf8')
const DJANGO = readPage('coming-from-django.md')
const FASTIFY_STATIC = readPage('coming-from-fastify-static.md')
const EXPRESS = readPage('coming-from-express.md')
const RAILS = readPage('coming-from-rails.md')

/** The rows of all tables of a page: what the other calls it, what it is here, and the test. */
function rowsOf(page: string): readonly (readonly string[])[] {
  return page
    .split('\n')
    .filter((line) => /^\| (?!---|.*\| held by \|)/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
}

test('every line of the tables is held by a test that is there', () => {
  const rows = [...rowsOf(DJANGO), ...rowsOf(FASTIFY_STATIC), ...rowsOf(EXPRESS), ...rowsOf(RAILS)]
  assert.ok(rows.length > 110)
  for (const [, other = '', , held = ''] of rows) {
    const match = /^`([\w/.-]+\.ts)`: (.+)$/.exec(held)
    assert.ok(match?.[1] !== undefined && match[2] !== undefined, `no test for ${other}`)
    const text = readFileSync(join(TEST, match[1]), 'utf8')
    assert.ok(text.includes(match[2]), `${match[1]} has no test "${match[2]}" (${other})`)
  }
})

test('no option of @fastify/static is left out', () => {
  const types = readFileSync(join(TEST, '../node_modules/@fastify/static/types/index.d.ts'), 'utf8')
  const options = /interface SendOptions[\s\S]*export const fastifyStatic:/.exec(types)?.[0] ?? ''
  const names = new Set([...options.matchAll(/^ {4,6}(\w+)\??:/gm)].map(([, name = '']) => name))
  assert.ok(names.size > 20, String([...names]))
  assert.deepEqual(
    [...names].filter((name) => !FASTIFY_STATIC.includes(`\`${name}\``)),
    [],
  )
})

/** What the installed Django and WhiteNoise themselves say they can be told. */
const LIST_SETTINGS = `
import re
from django.conf import global_settings
from whitenoise import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware
print(*[n for n in dir(global_settings) if re.match('STATIC|MEDIA|FILE_UPLOAD|DATA_UPLOAD|DEFAULT_FILE_STORAGE', n)])
print(*['WHITENOISE_' + n.upper() for n in WhiteNoiseMiddleware.config_attrs])
`

test('no setting of Django and WhiteNoise about static and media files is left out', (context) => {
  if (!hasTool(context, 'whitenoise')) return
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', LIST_SETTINGS], { encoding: 'utf8' })
  const names = stdout.split(/\s+/).filter(Boolean)
  assert.ok(names.length > 20, stderr)
  assert.deepEqual(
    names.filter((name) => !DJANGO.includes(`\`${name}\``)),
    [],
  )
})
