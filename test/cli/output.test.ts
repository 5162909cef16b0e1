import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput } from '../../src/cli/output.ts'
import { createRecorder } from './support.ts'

const cases: readonly [environment: Record<string, string>, terminal: boolean, colored: boolean][] = [
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ TERM: 'dumb' }, true, false],
]
for (const [environment, terminal, colored] of cases) {
  const where = terminal ? 'a terminal' : 'a file'
  test(`${JSON.stringify(environment)} on ${where} means ${colored ? 'colour' : 'no colour'}`, () => {
    const { style } = createOutput(createRecorder(terminal).stream, environment)
    assert.equal(style.red('x') !== 'x', colored)
  })
}

test('a terminal that does not know its width has 80 columns', () => {
  assert.equal(createOutput(createRecorder(true, 0).stream, {}).columns(), 80)
})
