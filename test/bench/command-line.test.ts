import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine } from '../../bench/command-line.ts'
import { SUBJECTS } from '../../bench/result/measurement.ts'

test('without a subject all are measured, in their order', () => {
  assert.deepEqual(parseCommandLine([]).subjects, SUBJECTS)
  assert.deepEqual(parseCommandLine(['scan', 'serve']).subjects, ['serve', 'scan'])
})

test('an unknown subject is an error that shows the usage', () => {
  assert.throws(() => parseCommandLine(['sreve']), /There is no subject sreve[\s\S]*npm run bench/)
})

test('a quick look and a run with profiles cannot be published', () => {
  assert.throws(() => parseCommandLine(['--quick', '--publish']), /not published/)
  assert.throws(() => parseCommandLine(['--profile', '--publish']), /Profiling costs time/)
})

test('options stand before or after subjects', () => {
  const line = parseCommandLine(['--quick', 'build', '--against', 'main'])
  assert.deepEqual([line.quick, line.against, line.subjects], [true, 'main', ['build']])
})

test('the size of made-up sites is a number', () => {
  assert.equal(parseCommandLine([]).maxFiles, 50_000)
  assert.equal(parseCommandLine(['--max-files', '1000']).maxFiles, 1_000)
  assert.throws(() => parseCommandLine(['--max-files', 'many']), /a number/)
})

test('a time limit is a number of minutes', () => {
  assert.equal(parseCommandLine([]).minutes, Number.POSITIVE_INFINITY)
  assert.equal(parseCommandLine(['--minutes', '38']).minutes, 38)
  assert.throws(() => parseCommandLine(['--minutes', 'soon']), /--minutes wants/)
})

test('which subjects were named is kept, for the command that is shown', () => {
  assert.deepEqual(parseCommandLine(['serve', '--only', '304']).named, ['serve'])
  assert.deepEqual(parseCommandLine([]).named, [])
})
