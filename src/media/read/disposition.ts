/** Whether a browser shows a file or saves it (RFC 6266 §4.2). */
export type DispositionType = 'inline' | 'attachment'

/**
 * The value of Content-Disposition (RFC 6266). A name beyond printable ASCII is sent twice: `filename` with question
 * marks for old readers, `filename*` in UTF-8 (RFC 8187) for all others. Nothing a name contains can end the value or
 * start another header.
 *
 * @param filename without folders; left out, only the type is written
 */
export function formatDisposition(type: DispositionType, filename?: string): string {
  if (filename === undefined || filename === '') return type
  const name = filename.replace(/\p{Cs}/gu, '\uFFFD')
  const plain = name.replace(/[^\x20-\x7e]/gu, '?').replace(/["\\/]/g, '_')
  // A percent sign in `filename` is decoded by some browsers and not by others (RFC 6266 appendix D).
  const fallback = plain.replace(/%/g, '_')
  if (fallback === name) return `${type}; filename="${name}"`
  return `${type}; filename="${fallback}"; filename*=UTF-8''${encodeExtended(name)}`
}

/** Percent-encodes all but the attr-char of RFC 8187 §3.2.1. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
