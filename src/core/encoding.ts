/** A content coding, by its name in HTTP (IANA HTTP Content Coding Registry). */
export type Encoding = 'br' | 'zstd' | 'gzip'

/** An encoding, or the bytes as they are. */
export type VariantEncoding = Encoding | 'identity'

/** A coding of the difference to an earlier file, the dictionary (RFC 9842 §4 and §5). */
export type DeltaEncoding = 'dcb' | 'dcz'

/** Whatever Content-Encoding names, and the bytes as they are. */
export type ContentCoding = VariantEncoding | DeltaEncoding

/** Every encoding, usually the smallest first; the order breaks ties. */
export const ENCODINGS: readonly Encoding[] = ['br', 'zstd', 'gzip']

/** The same, after the bytes as they are. */
export const VARIANT_ENCODINGS: readonly VariantEncoding[] = ['identity', ...ENCODINGS]

export const DELTA_ENCODINGS: readonly DeltaEncoding[] = ['dcb', 'dcz']

const SUFFIXES: Readonly<Record<VariantEncoding, string>> = {
  identity: '',
  br: '.br',
  zstd: '.zst',
  gzip: '.gz',
}

/** The file name of a variant: the hashed path and the encoding's suffix, none for identity. */
export function variantPath(file: string, encoding: VariantEncoding): string {
  return file + SUFFIXES[encoding]
}
