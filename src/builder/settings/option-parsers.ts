import type { Encoding } from '../../core/encoding.ts'
import {
  asOptions,
  asRecord,
  asText,
  type OptionParser,
  orFalse,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import type { SourceOption } from '../../sources/source.ts'

/** Qualities of the encodings for the files of a glob; `false`: not compressed. */
export type CompressRule = false | Readonly<Partial<Record<Encoding, number | false>>>

/** Both ends included. */
interface QualityRange {
  readonly min: number
  readonly max: number
  /** The defaults under the option `quality`. */
  readonly best: number
  readonly fast: number
}

/** The qualities of each encoder. */
export const QUALITIES: Readonly<Record<Encoding, QualityRange>> = {
  br: { min: 0, max: 11, best: 11, fast: 5 },
  gzip: { min: 1, max: 9, best: 9, fast: 6 },
  zstd: { min: 1, max: 22, best: 19, fast: 3 },
}

export const asSource: OptionParser<SourceOption> = (value, where) => {
  if (typeof value === 'string') return asText(value, where)
  const table = { package: asText, dir: asText, prefix: asPrefix }
  const source = parseOptions<{ package: string; dir: string; prefix: string }>(value, table, where)
  const { package: name, dir, prefix = '' } = source
  if (name !== undefined) return { package: name, prefix, ...(dir !== undefined && { dir }) }
  if (dir === undefined)
    throw wrongShape(value, where, 'a folder, { dir, prefix } or { package, dir, prefix }')
  return { dir, prefix }
}

const asPrefix: OptionParser<string> = (value, where) => (value === '' ? '' : asText(value, where))

export const asCompress: OptionParser<Readonly<Record<string, CompressRule>>> = (value, where) => {
  const table = { br: asQuality('br'), zstd: asQuality('zstd'), gzip: asQuality('gzip') }
  const asRule = orFalse(asOptions<Exclude<CompressRule, false>>(table))
  const rules = Object.entries(asRecord(value, where)).map(([glob, rule]) => [
    glob,
    asRule(rule, `${where}[${glob}]`),
  ])
  return Object.fromEntries(rules)
}

function asQuality(encoding: Encoding): OptionParser<number | false> {
  const { min, max } = QUALITIES[encoding]
  return (value, where) => {
    if (value === false) return false
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw wrongShape(value, where, `false or a whole number from ${min} to ${max}`)
  }
}
