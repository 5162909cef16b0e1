import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments, parseInteger } from '../../src/cli/option.ts'

const TABLE = {
  out: { kind: 'text', value: 'DIR', help: '' },
  ignore: { kind: 'list', value: 'GLOB', help: '' },
  json: { kind: 'flag', help: '' },
  'no-cache': { kind: 'flag', help: '' },
} as const

test('options may stand anywhere, with a space or an equals sign', () => {
  const { options, positionals } = parseArguments(
    ['a', '--out', 'x', '--ignore=*.map', 'b', '--json', '--ignore', '*.psd', '--no-cache'],
    TABLE,
  )
  assert.deepEqual(options, { out: 'x', ignore: ['*.map', '*.psd'], json: true, 'no-cache': true })
  assert.deepEqual(positionals, ['a', 'b'])
})

test('what is not given is undefined, empty or false', () => {
  const { options } = parseArguments([], TABLE)
  assert.deepEqual(options, { out: undefined, ignore: [], json: false, 'no-cache': false })
})

test('after -- everything is a positional; so is a lone dash', () => {
  const { options, positionals } = parseArguments(['-', '--', '--json', '-x'], TABLE)
  assert.deepEqual(positionals, ['-', '--json', '-x'])
  assert.equal(options.json, false)
})

test('a text option given twice has its last value', () => {
  assert.equal(parseArguments(['--out=a', '--out=b'], TABLE).options.out, 'b')
})

test('a value may begin with a dash or be empty if it is written with =', () => {
  assert.equal(parseArguments(['--out=--json'], TABLE).options.out, '--json')
  assert.equal(parseArguments(['--out='], TABLE).options.out, '')
  assert.equal(parseArguments(['--out=a=b'], TABLE).options.out, 'a=b')
})

const mistakes: readonly [argv: readonly string[], message: RegExp][] = [
  [['--ouy', 'x'], /no option --ouy\.\n {2}Did you mean --out\?/],
  [['--nocache'], /Did you mean --no-cache\?/],
  [['--hlep'], /Did you mean --help\?/],
  [['--qqqqqqqqqq'], /See --help/],
  [['-x'], /no option -x/],
  [['-json'], /Did you mean --json\?/],
  [['--constructor'], /no option --constructor/],
  [['--out'], /--out needs a value: --out DIR/],
  [['--out', '--json'], /--out needs a value: --out DIR/],
  [['--json=yes'], /--json takes no value/],
]
for (const [argv, message] of mistakes) {
  test(`${argv.join(' ')} is refused with a way out`, () => {
    assert.throws(() => parseArguments(argv, TABLE), { code: 'FP_USAGE', message })
  })
}

test('numbers are whole and have a minimum', () => {
  assert.equal(parseInteger('12', 'keep', 1), 12)
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3', '9999999999999999']) {
    assert.throws(() => parseInteger(text, 'keep', 1), { code: 'FP_USAGE', message: /--keep/ }, text)
  }
})
