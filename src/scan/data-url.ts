/** `data:application/json;charset=utf-8;base64,` (RFC 2397 §3). */
const HEAD = /^data:[^,;]*((?:;[^,;]*)*),/i

/** A `data:` URL taken apart, so that its text can be read and written back in the same form. */
export interface DataUrl {
  /** Length of all that stands before the data, the comma included. */
  readonly headLength: number
  readonly form: 'base64' | 'percent'
  /** The data as UTF-8 text. */
  readonly text: string
}

/** Reads a `data:` URL as text; undefined for any other URL and for damaged percent-encoding. */
export function readDataUrl(url: string): DataUrl | undefined {
  const match = HEAD.exec(url)
  if (match === null) return undefined
  const headLength = match[0].length
  const data = url.slice(headLength)
  if (/;\s*base64$/i.test(match[1] ?? '')) {
    return { headLength, form: 'base64', text: Buffer.from(data, 'base64').toString('utf8') }
  }
  try {
    return { headLength, form: 'percent', text: decodeURIComponent(data) }
  } catch {
    return undefined
  }
}

/** Text as the data of a `data:` URL of this form. Inverse of {@link readDataUrl}. */
export function formatData(text: string, form: DataUrl['form']): string {
  return form === 'base64' ? Buffer.from(text).toString('base64') : encodeURIComponent(text)
}
