import { escapeControls, FingerpostError, showControls } from '../core/error.ts'

/** Marks up text for a terminal. On a plain output each function returns the text unchanged. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  yellow(text: string): string
  green(text: string): string
  cyan(text: string): string
}

/** Where a command writes. */
export interface Output {
  /** Writes text for people. Control characters in it are shown (`\x1b`), not sent. */
  write(text: string): void
  /** Writes text for programs: exactly these bytes, except on a terminal. */
  writeData(text: string): void
  /** Replaces the current line of a terminal. */
  redraw(line: string): void
  readonly isTerminal: boolean
  /** Width in characters; 80 where it is unknown. */
  columns(): number
  readonly style: Style
}

/** The part of a stream that an output needs. */
export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The environment variables that control colour. */
export interface ColorEnvironment {
  readonly NO_COLOR?: string | undefined
  readonly FORCE_COLOR?: string | undefined
  readonly TERM?: string | undefined
}

const PLAIN: Style = { bold: String, dim: String, red: String, yellow: String, green: String, cyan: String }

const COLORED: Style = {
  bold: (text) => mark(1, text, 22),
  dim: (text) => mark(2, text, 22),
  red: (text) => mark(31, text, 39),
  yellow: (text) => mark(33, text, 39),
  green: (text) => mark(32, text, 39),
  cyan: (text) => mark(36, text, 39),
}

/** Creates an output over a stream. Colour follows no-color.org and force-color.org; by default only terminals get it. */
export function createOutput(stream: OutputStream, environment: ColorEnvironment): Output {
  const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb'
  const write = (text: string) => {
    if (text !== '') stream.write(sendMarks(showControls(text)))
  }
  return {
    write,
    writeData: (text) => (isTerminal ? write(text) : text === '' ? undefined : void stream.write(text)),
    // One write that overwrites and then clears the rest, so that the line never flickers.
    redraw: (line) => void stream.write(`\r${sendMarks(showControls(line))}\u001b[K`),
    isTerminal,
    // A terminal that doesn't know its width reports 0.
    columns: () => stream.columns || 80,
    style: (wantsColor(environment) ?? isTerminal) ? COLORED : PLAIN,
  }
}

/** Writes one JSON object. Maps become objects and big integers strings. */
export function writeJson(value: unknown, stdout: Output): void {
  const text = JSON.stringify(value, jsonValue, 2)
  // JSON.stringify leaves C1 controls, which terminals obey, and what changes the direction of text as they are.
  const escaped = escapeControls(text, (code) => `\\u${code.toString(16).padStart(4, '0')}`)
  stdout.writeData(`${escaped}\n`)
}

/** An error as the object that `--json` prints. */
export function errorToJson(error: unknown): unknown {
  if (!(error instanceof FingerpostError)) return { error: { code: 'FP_INTERNAL', message: String(error) } }
  const { code, message, details } = error
  return { error: { code, message, details } }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  return typeof value === 'bigint' ? String(value) : value
}

/** undefined where the environment doesn't decide. */
function wantsColor({ NO_COLOR = '', FORCE_COLOR = '' }: ColorEnvironment): boolean | undefined {
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR === '') return undefined
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
}

/** Brackets a style's number (SGR, ECMA-48 8.3.117) until it is written: a noncharacter, which no font or protocol uses. */
const MARK = '\ufdd0'

function mark(on: number, text: string, off: number): string {
  return `${MARK}${on}${MARK}${text}${MARK}${off}${MARK}`
}

function sendMarks(text: string): string {
  return text.replace(/\ufdd0(1|2|22|31|32|33|36|39)\ufdd0/g, '\u001b[$1m')
}
