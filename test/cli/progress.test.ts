import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput } from '../../src/cli/output.ts'
import { createProgress } from '../../src/cli/progress.ts'
import { createRecorder } from './support.ts'

function setUp(isTTY: boolean, columns = 80) {
  const recorder = createRecorder(isTTY, columns)
  const clock = { time: 0 }
  const progress = createProgress(createOutput(recorder.stream, { NO_COLOR: '1' }), () => clock.time)
  return { ...recorder, clock, progress }
}

test('on a terminal one line is drawn over, never blanked first, and wiped at the end', () => {
  const { progress, clock, written } = setUp(true)
  progress.show({ step: 'encode', done: 0, total: 10 })
  clock.time = 100
  progress.show({ step: 'encode', done: 5, total: 10 })
  progress.clear()
  progress.clear()
  assert.deepEqual(written, [
    `\rencode   ${'━'.repeat(24)} 0/10\u001b[K`,
    `\rencode   ${'━'.repeat(24)} 5/10\u001b[K`,
    '\r\u001b[K',
  ])
})

test('on a terminal ten thousand events within one second are at most thirteen drawings', () => {
  const { progress, clock, written } = setUp(true)
  for (let event = 0; event < 10_000; event++) {
    clock.time = event / 10
    progress.show({ step: 'scan', done: event, total: 10_000 })
  }
  assert.ok(written.length <= 13, `${written.length} drawings`)
})

test('a line never reaches the last column, however narrow the terminal', () => {
  for (const columns of [1, 5, 12, 20, 40, 41, 42, 43, 44, 45, 80]) {
    const { progress, written } = setUp(true, columns)
    progress.show({ step: 'encode', done: 12_345, total: 50_000 })
    const visible = (written[0] ?? '').replace('\r', '').replace('\u001b[K', '')
    assert.ok(visible.length < columns, `${visible.length} characters in ${columns} columns`)
  }
})

test('elsewhere each step is one plain line, and a long one says where it is every ten seconds', () => {
  const { progress, clock, text } = setUp(false)
  for (let second = 0; second < 25; second++) {
    clock.time = second * 1000
    progress.show({ step: second < 3 ? 'scan' : 'encode', done: second, total: 25 })
  }
  progress.clear()
  assert.equal(text(), 'scan …\nencode …\nencode 13/25\nencode 23/25\n')
})

test('the bar follows the share of the work, which is not that of the files', () => {
  const { progress, written } = setUp(true)
  progress.show({ step: 'encode', done: 1, total: 2, share: 0.25 })
  const recorder = createRecorder(true)
  const colored = createProgress(createOutput(recorder.stream, {}), () => 0)
  colored.show({ step: 'encode', done: 1, total: 2, share: 0.25 })
  assert.match(recorder.text(), /\u001b\[32m━{6}\u001b\[39m\u001b\[2m━{18}\u001b\[22m 1\/2/)
  assert.match(written[0] ?? '', / 1\/2/)
})
