/** A content coding fingerpost prepares, by its HTTP name (IANA HTTP Content Coding Registry). */
export type Encoding = 'br' | 'zstd' | 'gzip'

/** An encoding, or the bytes as they are. */
export type VariantEncoding = Encoding | 'identity'

/** Every encoding, the one that usually ends up smallest first; the order breaks ties. */
export const ENCODINGS: readonly Encoding[] = ['br', 'zstd', 'gzip']

const SUFFIXES: Readonly<Record<VariantEncoding, string>> = {
  identity: '',
  br: '.br',
  zstd: '.zst',
  gzip: '.gz',
}

/** True for the name of an encoding fingerpost knows. */
export function isEncoding(text: string): text is Encoding {
  return (ENCODINGS as readonly string[]).includes(text)
}

/** What the file of a variant is called: the hashed path and the encoding's suffix, none for identity. */
export function variantPath(file: string, encoding: VariantEncoding): string {
  return file + SUFFIXES[encoding]
}
