import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { RASTER_TYPES } from '../../core/media-type.ts'
import {
  asFunction,
  asRecord,
  asText,
  type OptionParser,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import { extensionOf, fileNameOf } from '../../core/path.ts'
import { claimedImageType, originalNameOf, sniffImageType } from './image.ts'

/**
 * Makes another size or format of a picture.
 *
 * @param picture all bytes, as the visitor sent them
 * @returns undefined if this picture has no such variant; the picture itself is shown in its place then
 */
export type MakeVariant = (
  picture: Buffer,
  file: { readonly name: string },
) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** A variant in another format than the picture. */
export interface VariantOptions {
  /** Of the format it is made in: `.webp`. Default: that of the picture. */
  readonly extension?: string
  readonly make: MakeVariant
}

/** Variants by name: `{ small: (picture) => … }`. */
export type Variants = Readonly<Record<string, MakeVariant | VariantOptions>>

/** One variant of one picture. */
export interface MadeVariant {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Names and makes variants. That of `ann.png` called `small` is `ann.png@small.png`. */
export interface VariantMaker {
  /**
   * The name of a picture's variant. Other files than raster images have none: it is their own name then,
   * as for a name that leaves no room for another.
   *
   * @throws FingerpostError `FP_CONFIG` for an unknown variant
   */
  nameOf(name: string, variant: string): string
  /** The names of all variants of a file. */
  namesOf(name: string): readonly string[]
  /** The picture whose variant has this name; undefined for other names. */
  originalOf(name: string): string | undefined
  /** @throws FingerpostError `FP_UPLOAD` (400) if a variant can't be made, `FP_CONFIG` if it isn't what its name says */
  make(name: string, picture: Buffer): AsyncIterable<MadeVariant>
}

const asVariant: OptionParser<VariantOptions> = (value, where) => {
  if (typeof value === 'function') return { make: value as MakeVariant }
  const { extension, make } = parseOptions<VariantOptions>(
    value,
    { extension: asExtension, make: asFunction<MakeVariant> },
    where,
  )
  if (make === undefined) throw wrongShape(value, where, "a function, or { extension: '.webp', make }")
  return extension === undefined ? { make } : { extension, make }
}

const asExtension: OptionParser<string> = (value, where) => {
  const text = asText(value, where)
  if (text.startsWith('.') && RASTER_TYPES.has(text.slice(1))) return text
  throw wrongShape(value, where, 'the extension of a picture, such as .webp')
}

/** @throws FingerpostError `FP_CONFIG` */
export const asVariants: OptionParser<Readonly<Record<string, VariantOptions>>> = (value, where) =>
  Object.fromEntries(
    Object.entries(asRecord(value, where)).map(([name, variant]) => {
      if (originalNameOf(`a.png@${name}.png`) !== undefined)
        return [name, asVariant(variant, `${where}.${name}`)]
      throw wrongShape(name, `a name in ${where}`, 'a letter, then letters, digits, - and _, up to 32')
    }),
  )

/** Creates the maker of the variants that an option lists. */
export function createVariantMaker(given: Variants): VariantMaker {
  const variants = new Map(Object.entries(asVariants(given, 'variants')))
  /** The name itself for a file that has no variants. */
  const nameOf = (name: string, variant: string): string => {
    const isPicture = RASTER_TYPES.has(extensionOf(name).slice(1))
    const own = `${name}@${variant}${variants.get(variant)?.extension ?? extensionOf(name)}`
    const isTooLong = Buffer.byteLength(fileNameOf(own)) > LIMITS.mediaNameMaxBytes
    return isPicture && !isTooLong ? own : name
  }
  const names = (name: string) =>
    [...variants.keys()].map((variant) => nameOf(name, variant)).filter((each) => each !== name)
  return {
    nameOf(name, variant) {
      if (variants.has(variant)) return nameOf(name, variant)
      const known = [...variants.keys()].join(', ')
      throw new FingerpostError('FP_CONFIG', `There is no variant ${JSON.stringify(variant)} of pictures.`, {
        remedy: known === '' ? 'Give the media plugin the option variants.' : `Variants: ${known}`,
      })
    },
    namesOf: names,
    originalOf(name) {
      const original = originalNameOf(name)
      return original !== undefined && names(original).includes(name) ? original : undefined
    },
    async *make(original, picture) {
      for (const [variant, { make }] of variants) {
        const name = nameOf(original, variant)
        if (name === original) continue
        const bytes = await makeOne(variant, original, async () => make(picture, { name: original }))
        if (bytes === undefined) continue
        if (sniffImageType(bytes) !== claimedImageType(name)) throw wrongFormat(variant, name)
        yield { name, bytes }
      }
    },
  }
}

/** Pictures that can't be decoded are the visitor's. */
async function makeOne<T>(variant: string, original: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (cause) {
    if (Object.hasOwn(Object(cause), 'statusCode')) throw cause
    const message = `${JSON.stringify(original)} can't be used: its variant ${variant} could not be made.`
    throw new FingerpostError('FP_UPLOAD', message, { details: { name: original }, statusCode: 400, cause })
  }
}

function wrongFormat(variant: string, name: string): FingerpostError {
  const extension = extensionOf(name)
  return new FingerpostError('FP_CONFIG', `The variant ${variant} of a picture is no ${extension} file.`, {
    remedy: `Say what it makes: variants: { ${variant}: { extension: '.webp', make } }`,
    details: { name },
  })
}
