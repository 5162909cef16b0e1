import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  asCount,
  asFlag,
  asListOf,
  asOptions,
  asText,
  type Completed,
  completeOptions,
  defaultsOf,
  type OptionParser,
  type OptionTable,
  orFalse,
  orFlag,
  parseOptions,
} from '../../src/core/option.ts'
import { applyFlags, flagsOf } from '../../src/core/option-flag.ts'

interface Options {
  readonly out?: string
  readonly ignoreFiles?: readonly string[]
  readonly cache?: boolean
  readonly types?: string
  readonly plain?: string
}

const inFolder = (path: string, cwd: string) => `${cwd}/${path}`

const TABLE = {
  out: {
    parse: asText,
    default: 'staticfiles',
    complete: inFolder,
    flag: { kind: 'value', value: 'DIR', short: 'o', help: 'where', read: inFolder },
  },
  ignoreFiles: {
    parse: asListOf(asText),
    default: [],
    flag: { kind: 'list', value: 'GLOB', help: 'leave out' },
  },
  cache: {
    parse: asFlag,
    default: true,
    flag: { kind: 'flag', name: 'no-cache', help: 'none', read: () => false },
  },
  types: { parse: asText, complete: inFolder },
  plain: asText,
} satisfies OptionTable<Options>

const parse = (options: unknown) => parseOptions<Options>(options, TABLE, 'the options')

describe('complete options', () => {
  test('have every default, completed', () => {
    const complete: Completed<typeof TABLE> = completeOptions(parse({}), TABLE, '/srv')
    assert.deepEqual(complete, {
      out: '/srv/staticfiles',
      ignoreFiles: [],
      cache: true,
      types: undefined,
      plain: undefined,
    })
  })

  test('have what was given, completed', () => {
    const given = { out: 'a', cache: false, types: 'b.d.ts', plain: 'c', ignoreFiles: ['d'] }
    const complete = completeOptions(parse(given), TABLE, '/srv')
    assert.deepEqual(complete, { ...given, out: '/srv/a', types: '/srv/b.d.ts' })
  })

  test('have types that say which may be missing', () => {
    const { out, types } = completeOptions(parse({}), TABLE, '/srv')
    const certain: string = out
    // @ts-expect-error: without a default it may be undefined
    const uncertain: string = types
    assert.deepEqual([certain, uncertain], ['/srv/staticfiles', undefined])
  })
})

test('the defaults of a table are those of its rows', () => {
  const { out, cache, types } = defaultsOf(TABLE)
  assert.deepEqual([out, cache, types], ['staticfiles', true, undefined])
})

describe('flags', () => {
  test('are called after their options unless they have a name', () => {
    assert.deepEqual(Object.keys(flagsOf(TABLE)), ['out', 'ignore-files', 'no-cache'])
    assert.deepEqual(flagsOf(TABLE, 'out', 'types'), { out: TABLE.out.flag })
  })

  test('replace values, are added to lists, and count as not given where they are empty', () => {
    const before = { out: 'a', ignoreFiles: ['b'], plain: 'c' }
    const given = { out: 'x', 'ignore-files': ['y', 'z'], 'no-cache': true, other: 'unknown' }
    const merged = { out: '/srv/x', ignoreFiles: ['b', 'y', 'z'], cache: false, plain: 'c' }
    assert.deepEqual(applyFlags(TABLE, before, given, '/srv'), merged)
    const nothing = { out: undefined, 'ignore-files': [], 'no-cache': false }
    assert.deepEqual(applyFlags(TABLE, before, nothing, '/srv'), before)
  })

  test('without a config file are the whole', () => {
    assert.deepEqual(applyFlags(TABLE, {}, { 'ignore-files': ['y'] }, '/srv'), { ignoreFiles: ['y'] })
  })
})

test('the error for a wrong value names everything that the option may be', () => {
  const table = { size: asCount }
  const messageOf = (parse: OptionParser<unknown>, value: unknown) => {
    try {
      parse(value, 'cache')
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  assert.equal(messageOf(orFalse(asText), 5), 'cache should be text or false; it is 5.')
  assert.equal(messageOf(orFlag(asOptions(table)), 5), 'cache should be an object, true or false; it is 5.')
  assert.equal(
    messageOf(orFalse(asOptions(table)), { size: '5' }),
    'size should be a whole number from 0; it is "5".',
  )
  assert.deepEqual([orFalse(asText)(false, ''), orFlag(asText)(true, '')], [false, true])
})
