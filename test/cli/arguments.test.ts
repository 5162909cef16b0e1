import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  atLeast,
  type CommandOptions,
  DURATION_SECONDS,
  oneOf,
  parseArguments,
} from '../../src/cli/arguments.ts'

const TABLE = {
  out: { kind: 'value', short: 'o', value: 'DIR', help: '' },
  keep: { kind: 'value', value: 'N', type: atLeast(1), help: '' },
  'min-age': { kind: 'value', value: 'DURATION', type: DURATION_SECONDS, help: '' },
  variant: { kind: 'value', value: 'NAME', type: oneOf('br', 'gzip'), help: '' },
  ignore: { kind: 'list', value: 'GLOB', help: '' },
  json: { kind: 'flag', short: 'j', help: '' },
  'no-cache': { kind: 'flag', help: '' },
} as const satisfies CommandOptions

/** The values of a command line without options. */
const NOTHING = {
  out: undefined,
  keep: undefined,
  'min-age': undefined,
  variant: undefined,
  ignore: [],
  json: false,
  'no-cache': false,
}

test('options may stand anywhere, with a space or an equals sign', () => {
  const { options, positionals } = parseArguments(
    ['a', '--out', 'x', '--ignore=*.map', 'b', '--json', '--ignore', '*.psd', '--no-cache'],
    TABLE,
  )
  assert.deepEqual(options, {
    ...NOTHING,
    out: 'x',
    ignore: ['*.map', '*.psd'],
    json: true,
    'no-cache': true,
  })
  assert.deepEqual(positionals, ['a', 'b'])
})

test('what is not given is undefined, empty or false', () => {
  const { options } = parseArguments([], TABLE)
  assert.deepEqual(options, NOTHING)
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
  [['--ouy', 'x'], /Unknown option --ouy\.\n {2}Did you mean --out\?/],
  [['--nocache'], /Did you mean --no-cache\?/],
  [['--hlep'], /Did you mean --help or --keep\?/],
  [['--qqqqqqqqqq'], /Run with --help/],
  [['-x'], /Unknown option -x\./],
  [['-json'], /Did you mean --json\?/],
  [['--constructor'], /Unknown option --constructor/],
  [['--out'], /--out needs a value: --out DIR/],
  [['--out', '--json'], /--out needs a value: --out DIR/],
  [['--json=yes'], /--json takes no value/],
]
for (const [argv, message] of mistakes) {
  test(`${argv.join(' ')} is refused with a way out`, () => {
    assert.throws(() => parseArguments(argv, TABLE), { code: 'FP_USAGE', message })
  })
}

test('-o DIR, -oDIR and grouped letters are short for the long names', () => {
  assert.equal(parseArguments(['-o', 'x'], TABLE).options.out, 'x')
  assert.equal(parseArguments(['-ox'], TABLE).options.out, 'x')
  const { options } = parseArguments(['-jo', 'x'], TABLE)
  assert.deepEqual([options.json, options.out], [true, 'x'])
})

test('numbers are whole and have a minimum', () => {
  assert.equal(parseArguments(['--keep', '12'], TABLE).options.keep, 12)
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3', '9999999999999999']) {
    const message = `--keep ${text}: expected a whole number of at least 1.`
    assert.throws(() => parseArguments([`--keep=${text}`], TABLE), { code: 'FP_USAGE', message }, text)
  }
})

test('durations have a unit or are seconds', () => {
  const parse = (text: string) => parseArguments([`--min-age=${text}`], TABLE).options['min-age']
  const valid = { '0': 0, '90': 90, '90s': 90, '15m': 900, '1h': 3600, '2d': 172_800, '1w': 604_800 }
  for (const [text, seconds] of Object.entries(valid)) assert.equal(parse(text), seconds)
  for (const text of ['', 'h', '-1h', '1.5h', '1 h', '1y', '1hour']) {
    const message = `--min-age ${text}: expected a duration such as 90s, 15m, 1h or 2d.`
    assert.throws(() => parse(text), { code: 'FP_USAGE', message }, text)
  }
})

test('one of a few words', () => {
  assert.equal(parseArguments(['--variant', 'br'], TABLE).options.variant, 'br')
  const message = '--variant zip: expected one of br, gzip.'
  assert.throws(() => parseArguments(['--variant', 'zip'], TABLE), { code: 'FP_USAGE', message })
})
