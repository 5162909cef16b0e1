/** Marks text up for a terminal; on a plain output each of these gives the text back. */
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
  write(text: string): void
  /** Whether a person watches: lines may be redrawn. */
  readonly isTerminal: boolean
  /** Characters that fit on one line; 80 where nobody knows. */
  columns(): number
  readonly style: Style
}

/** The part of a stream an output needs. */
export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The environment variables that decide about colour. */
export interface ColorEnvironment {
  readonly NO_COLOR?: string | undefined
  readonly FORCE_COLOR?: string | undefined
  readonly TERM?: string | undefined
}

const ESC = '\u001b['

const PLAIN: Style = {
  bold: String,
  dim: String,
  red: String,
  yellow: String,
  green: String,
  cyan: String,
}

const COLORED: Style = {
  bold: (text) => `${ESC}1m${text}${ESC}22m`,
  dim: (text) => `${ESC}2m${text}${ESC}22m`,
  red: (text) => `${ESC}31m${text}${ESC}39m`,
  yellow: (text) => `${ESC}33m${text}${ESC}39m`,
  green: (text) => `${ESC}32m${text}${ESC}39m`,
  cyan: (text) => `${ESC}36m${text}${ESC}39m`,
}

/** An output over a stream. Colour follows no-color.org and force-color.org; otherwise terminals have it, files don't. */
export function createOutput(stream: OutputStream, environment: ColorEnvironment): Output {
  const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb'
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    // A terminal that doesn't know its width says 0.
    columns: () => stream.columns || 80,
    style: (wantsColor(environment) ?? isTerminal) ? COLORED : PLAIN,
  }
}

/** undefined where the environment has no opinion. */
function wantsColor({ NO_COLOR = '', FORCE_COLOR = '' }: ColorEnvironment): boolean | undefined {
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR === '') return undefined
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
}
