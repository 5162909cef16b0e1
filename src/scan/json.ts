/** A string or number in a JSON text. */
export interface JsonToken {
  /** Where it is in the value, as a JSON Pointer (RFC 6901): `/icons/0/src`. */
  readonly pointer: string
  readonly kind: 'string' | 'number'
  /** Offset of the first character; of the opening quote for a string. */
  readonly start: number
  /** Offset behind the last character; behind the closing quote for a string. */
  readonly end: number
}

interface Frame {
  readonly closedBy: '}' | ']'
  /** The key or index the next value belongs to; undefined where an object waits for a key. */
  key: string | number | undefined
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * The strings and numbers of a JSON text with their places, which `JSON.parse` doesn't tell. Text that isn't JSON gives
 * some of them or none; who cares parses it as well.
 *
 * @param maxDepth how many levels of arrays and objects are looked into
 */
export function locateJson(json: string, maxDepth: number): readonly JsonToken[] {
  const tokens: JsonToken[] = []
  const frames: Frame[] = []
  const number = new RegExp(NUMBER)
  const add = (kind: JsonToken['kind'], start: number, end: number) => {
    if (frames.length <= maxDepth) tokens.push({ pointer: pointerOf(frames), kind, start, end })
  }
  let at = 0
  while (at < json.length) {
    const start = at
    const character = json.charAt(at)
    at++
    if (character === '"') {
      at = endOfString(json, start)
      if (at === -1) return tokens
      const frame = frames.at(-1)
      if (frame !== undefined && frame.key === undefined) frame.key = readKey(json.slice(start, at))
      else add('string', start, at)
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      number.lastIndex = start
      if (number.test(json)) at = number.lastIndex
      add('number', start, at)
    } else moveFrames(frames, character)
  }
  return tokens
}

function moveFrames(frames: Frame[], character: string): void {
  const frame = frames.at(-1)
  if (character === '{') frames.push({ closedBy: '}', key: undefined })
  else if (character === '[') frames.push({ closedBy: ']', key: 0 })
  else if (frame === undefined) return
  else if (character === frame.closedBy) frames.pop()
  else if (character === ',') frame.key = typeof frame.key === 'number' ? frame.key + 1 : undefined
}

/** Behind the closing quote, or -1 without one. Looks for quotes, not characters: maps carry whole sources in one string. */
function endOfString(json: string, start: number): number {
  let quote = start
  for (;;) {
    quote = json.indexOf('"', quote + 1)
    if (quote === -1) return -1
    let backslashes = 0
    while (json[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
}

function readKey(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

function pointerOf(frames: readonly Frame[]): string {
  return frames.map(({ key }) => `/${escapeKey(String(key ?? ''))}`).join('')
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
