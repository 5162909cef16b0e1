import { extensionOf, fileNameOf } from '../core/path.ts'
import type { Spelling } from '../core/reference/reference.ts'
import { isEscaped } from './css-token.ts'
import { createFindings, noteServiceWorker } from './findings.ts'
import { spellJs } from './javascript/literal.ts'
import type { Scan, Scanner, Span } from './scanner.ts'

/** Reads web app manifests: the images they name (W3C App Manifest §1.9, App Information §2, Manifest Incubations §4). */
export const webManifestScanner: Scanner = {
  name: 'web-manifest',
  version: 4,
  accepts: (path) =>
    extensionOf(path) === '.webmanifest' || fileNameOf(path).toLowerCase() === 'manifest.json',
  scan: scanWebManifest,
}

/** Reads source maps: the field `file` names the generated file (ECMA-426 §9). */
export const sourceMapScanner: Scanner = {
  name: 'source-map',
  version: 3,
  accepts: (path) => extensionOf(path) === '.map',
  scan: scanSourceMap,
}

const IMAGES = ['', '/shortcuts/*', '/file_handlers/*', '/widgets/*', '/tab_strip/home_tab'].flatMap(
  (parent) => ['icons/*', 'icons_localized/*/*', 'screenshots/*'].map((place) => `${parent}/${place}/src`),
)

/** The service worker of a payment app (Payment Handler §4.1). */
const SERVICE_WORKER = '/serviceworker/src'

function scanWebManifest(json: string): Scan {
  const findings = createFindings()
  for (const token of locateStrings(json, [...IMAGES, SERVICE_WORKER])) {
    if (token.pointer === SERVICE_WORKER) noteServiceWorker(token, findings)
    else findings.addUrl('web-manifest', spellJson(json, token))
  }
  return findings.toScan()
}

function scanSourceMap(json: string): Scan {
  const findings = createFindings()
  for (const token of locateStrings(json, ['/file'])) {
    findings.addUrl('source-map-file', spellJson(json, token))
  }
  return findings.toScan()
}

function locateStrings(json: string, places: readonly string[]): readonly JsonToken[] {
  return locateJson(json, places).filter(({ kind }) => kind === 'string')
}

/** What a JSON string means, and where each character of it stands. */
export function spellJson(json: string, { start, end }: Span): Spelling {
  return { ...spellJs(json, start + 1, end - 1), escapeText: (text) => text }
}

/** A string or number in a JSON text. */
export interface JsonToken {
  /** Where it is in the value, as a JSON Pointer (RFC 6901): `/icons/0/src`. */
  readonly pointer: string
  readonly kind: 'string' | 'number'
  /** The key of the value, with its quotes; undefined in an array. */
  readonly key: Span | undefined
  /** Offset of the first character; of the opening quote for a string. */
  readonly start: number
  /** Offset after the last character; after the closing quote for a string. */
  readonly end: number
}

interface Frame {
  readonly closedBy: '}' | ']'
  /** The key or index of the next value; undefined where an object waits for a key. */
  key: string | number | undefined
  keySpan?: Span | undefined
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Finds strings and numbers with their offsets, which `JSON.parse` doesn't tell. Text that isn't JSON gives some of
 * them or none.
 *
 * @param places JSON Pointers; `*` stands for any key or index
 */
export function locateJson(json: string, places: readonly string[]): readonly JsonToken[] {
  const wanted = places.map((place) => place.split('/').slice(1))
  const tokens: JsonToken[] = []
  const frames: Frame[] = []
  const number = new RegExp(NUMBER)
  const add = (kind: JsonToken['kind'], start: number, end: number) => {
    if (!wanted.some((place) => isAt(frames, place))) return
    const pointer = frames.map(({ key }) => `/${key}`).join('')
    tokens.push({ pointer, kind, key: frames.at(-1)?.keySpan, start, end })
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
      if (frame !== undefined && frame.key === undefined) {
        frame.key = readKey(json.slice(start, at))
        frame.keySpan = { start, end: at }
      } else add('string', start, at)
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      number.lastIndex = start
      if (number.test(json)) at = number.lastIndex
      add('number', start, at)
    } else moveFrames(frames, character)
  }
  return tokens
}

function isAt(frames: readonly Frame[], place: readonly string[]): boolean {
  return (
    frames.length === place.length &&
    frames.every(({ key }, index) => place[index] === '*' || key === place[index])
  )
}

function moveFrames(frames: Frame[], character: string): void {
  const frame = frames.at(-1)
  if (character === '{') frames.push({ closedBy: '}', key: undefined })
  else if (character === '[') frames.push({ closedBy: ']', key: 0 })
  else if (frame === undefined) return
  else if (character === frame.closedBy) frames.pop()
  else if (character === ',') frame.key = typeof frame.key === 'number' ? frame.key + 1 : undefined
}

/** After the closing quote, or -1 without one. Searches for quotes: source maps hold whole files in one string. */
function endOfString(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1)
  while (quote !== -1 && isEscaped(json, quote)) quote = json.indexOf('"', quote + 1)
  return quote === -1 ? -1 : quote + 1
}

function readKey(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
