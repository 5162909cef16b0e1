import assert from 'node:assert/strict'

/** A response as it stood on the wire, HTTP/1.1. */
export interface Message {
  readonly status: number
  readonly reason: string
  /** Names as sent, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** The values of a field, in order. */
export function valuesOf(message: Message, name: string): readonly string[] {
  return message.fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
}

/**
 * Reads responses that follow each other on one connection (RFC 9112 §6.3). Throws at the first byte that breaks the
 * framing.
 *
 * @param methods of the requests, since an answer to HEAD has no body whatever it says
 */
export function parseMessages(bytes: Buffer, methods: readonly string[]): readonly Message[] {
  const messages: Message[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    assert.ok(end !== -1, `no end of head: ${bytes.subarray(at, at + 80).toString('latin1')}`)
    const [first = '', ...lines] = bytes.subarray(at, end).toString('latin1').split('\r\n')
    const match = /^HTTP\/1\.1 (\d{3}) ([\t\x20-\x7e]*)$/.exec(first)
    assert.ok(match !== null, `no status line: ${first.slice(0, 80)}`)
    const head = {
      status: Number(match[1]),
      reason: match[2] ?? '',
      fields: lines.map(parseField),
      body: bytes,
    }
    const length = bodyLength(head, methods[messages.length] ?? 'GET', bytes.subarray(end + 4))
    assert.ok(end + 4 + length <= bytes.length, `the body is cut off: ${first}`)
    messages.push({ ...head, body: bytes.subarray(end + 4, end + 4 + length) })
    at = end + 4 + length
  }
  return messages
}

function parseField(line: string): readonly [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line)
  assert.ok(match !== null, `no field: ${JSON.stringify(line)}`)
  return [match[1] ?? '', match[2] ?? '']
}

/** Bytes the body takes up on the wire, the chunks' own lines included. */
function bodyLength(message: Message, method: string, rest: Buffer): number {
  const { status } = message
  // A request that can't be read is answered outside the order of requests, with a body, and without Date.
  const unreadable = status >= 400 && valuesOf(message, 'date').length === 0
  if ((method === 'HEAD' && !unreadable) || status < 200 || status === 204 || status === 304) return 0
  const [length] = valuesOf(message, 'content-length')
  if (valuesOf(message, 'transfer-encoding').length > 0) {
    assert.equal(length, undefined, 'chunks and a length')
    assert.ok(status >= 400, 'only what Node answers itself comes in chunks')
    return rest.indexOf('0\r\n\r\n') + 5
  }
  return length === undefined ? rest.length : Number(length)
}
