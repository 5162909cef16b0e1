import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput, writeJson } from '../../src/cli/output.ts'
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

test('control characters of foreign text are shown, not sent, colours or not', () => {
  const hostile = 'a\u001b[31m\u001b]0;title\u0007b\r\u009b2J\u202e\u007f'
  for (const environment of [{}, { FORCE_COLOR: '1' }]) {
    const { stream, text } = createRecorder(true)
    const output = createOutput(stream, environment)
    output.write(`${output.style.red(hostile)}\n`)
    output.writeData(`${hostile}\n`)
    const shown = 'a\\x1b[31m\\x1b]0;title\\x07b\\x0d\\x9b2J\\u202e\\x7f'
    const colored = `\u001b[31m${shown}\u001b[39m`
    assert.equal(text(), `${colored}\n${shown}\n`)
  }
})

test('data for a pipe keeps its bytes, and JSON escapes what terminals obey', () => {
  const { stream, text } = createRecorder(false)
  const output = createOutput(stream, {})
  output.writeData('a\u001b[31m\n')
  writeJson({ file: '\u009b2J\u001b\u007f\u202e\u200f' }, output)
  assert.equal(text(), 'a\u001b[31m\n{\n  "file": "\\u009b2J\\u001b\\u007f\\u202e\\u200f"\n}\n')
})
