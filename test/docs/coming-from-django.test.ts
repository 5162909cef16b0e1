import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasTool } from '../support/require.ts'

const TEST = join(import.meta.dirname, '..')
const PAGE = readFileSync(join(TEST, '../docs/coming-from-django.md'), 'utf8')

/** The rows of all tables: what Django calls it, what it is here, and the test. */
const ROWS = PAGE.split('\n')
  .filter((line) => /^\| (?!---|Django|WhiteNoise \|)/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))

test('every line of the table is held by a test that is there', () => {
  assert.ok(ROWS.length > 50)
  for (const [, django = '', , held = ''] of ROWS) {
    const match = /^`([\w/.-]+\.ts)`: (.+)$/.exec(held)
    assert.ok(match?.[1] !== undefined && match[2] !== undefined, `no test for ${django}`)
    const text = readFileSync(join(TEST, match[1]), 'utf8')
    assert.ok(text.includes(match[2]), `${match[1]} has no test "${match[2]}" (${django})`)
  }
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
    names.filter((name) => !PAGE.includes(`\`${name}\``)),
    [],
  )
})
