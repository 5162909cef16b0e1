import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createLog } from '../../src/http/log.ts'

test('no line of the log has a control character of an error, its properties, its causes or a text', () => {
  const written: string[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => written.push(line) } } })
  const log = createLog(app.log)
  const cause = new Error('cause \u009b31m')
  log.error(Object.assign(new Error('told \u009b31m', { cause }), { path: '/a\u009b31m' }), 'text \u009b31m')
  log.warn('warned \u202e')
  log.info({ name: 'informed \u0085' })
  const lines = written.join('')
  assert.doesNotMatch(lines, /[\u007f-\u009f\u202a-\u202e]/)
  for (const said of [
    'told \\\\x9b31m',
    'cause \\\\x9b31m',
    '/a\\\\x9b31m',
    'text \\\\x9b31m',
    'warned \\\\u202e',
  ])
    assert.ok(lines.includes(said), said)
})
