import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const RUN = join(import.meta.dirname, '..', 'run.mjs')

/** What a shell of a stranger may have set. */
const HOSTILE = {
  FORCE_COLOR: '1',
  CLICOLOR_FORCE: '1',
  COLORTERM: 'truecolor',
  TERM: 'xterm-256color',
  CI: 'true',
  TZ: 'Pacific/Apia',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'tr_TR.UTF-8',
  NODE_ENV: 'production',
  NODE_OPTIONS: '--no-warnings',
  SOURCE_DATE_EPOCH: '1',
  UV_THREADPOOL_SIZE: '1',
  AWS_PROFILE: 'somebody',
}

test('tests have an environment of their own', () => {
  const { TZ, LC_ALL, TERM } = process.env
  assert.deepEqual({ TZ, LC_ALL, TERM }, { TZ: 'UTC', LC_ALL: 'C.UTF-8', TERM: 'dumb' })
  for (const name of Object.keys(HOSTILE).filter((each) => !['TZ', 'LC_ALL', 'TERM'].includes(each)))
    assert.equal(process.env[name], undefined, name)
  assert.equal(process.umask(), 0o022)
  assert.equal((1234.5).toLocaleString(), '1,234.5')
})

test('whatever the environment of whoever runs them', { skip: process.env['FINGERPOST_NESTED'] }, () => {
  const words = [RUN, 'support/environment.test']
  const env = { ...process.env, ...HOSTILE, FINGERPOST_NESTED: 'the outer run tests it' }
  const command = `umask 077; exec "$@"`
  const { status, stdout } = spawnSync('sh', ['-c', command, 'sh', process.execPath, ...words], {
    env,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
  assert.match(stdout, /1 passed, 1 skipped, 0 failed/)
})
