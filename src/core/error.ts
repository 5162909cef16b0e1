/** What went wrong. Programs switch on `error.code`; messages may change in any release. */
export type ErrorCode =
  | 'FP_USAGE' // a command line that can't be understood
  | 'FP_CONFIG' // an option or config file with a value of the wrong shape
  | 'FP_PATH' // text that isn't a logical path
  | 'FP_SOURCE' // a source folder that is missing, unreadable or contains the output
  | 'FP_FILE' // one file that can't be collected: dangling link, loop, FIFO, unreadable
  | 'FP_COLLISION' // two files that would fall onto one name
  | 'FP_REFERENCE' // references that lead nowhere
  | 'FP_TRANSFORM' // a transform or scanner of the options that failed
  | 'FP_CHANGED' // a file that changed while it was being built or moved
  | 'FP_ENCODING' // an encoding this runtime can't produce
  | 'FP_STORAGE' // the storage refused: disk full, permission, network
  | 'FP_EXISTS' // a key that is taken
  | 'FP_NOT_FOUND' // a key that isn't there
  | 'FP_LOCKED' // another build holds the output
  | 'FP_MANIFEST' // a manifest that is missing, damaged or of another version
  | 'FP_DAMAGED' // a file of a build that isn't what the manifest promises
  | 'FP_UNKNOWN_NAME' // a logical path the manifest doesn't have
  | 'FP_LIMIT' // more bytes, files or fields than a limit allows
  | 'FP_UPLOAD' // an upload that isn't wanted: malformed, of a type not allowed, cut off
  | 'FP_LINK' // a private link that is expired, altered or not signed
  | 'FP_INTERNAL' // a bug in fingerpost

export interface ErrorOptions {
  /** What to do, in the imperative; becomes the last line of the message. */
  readonly remedy?: string
  /** Facts for programs: paths, names, numbers. Never secrets. Loggers write them, so control characters are escaped. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** The HTTP status of a client error, for Fastify's error handler. */
  readonly statusCode?: number
}

/** The one error class fingerpost throws. Its message says what happened, where, and what to do. */
export class FingerpostError extends Error {
  override readonly name = 'FingerpostError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  /** Undefined for errors that aren't a client's. */
  readonly statusCode: number | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    const { remedy, details = {}, cause, statusCode } = options
    super(
      // Messages name files and repeat texts, and logs are read in terminals.
      showControls(remedy === undefined ? message : `${message}\n  ${remedy}`),
      cause === undefined ? undefined : { cause: showControlsIn(cause) },
    )
    this.code = code
    this.details = showControlsIn(details)
    this.statusCode = statusCode
  }
}

/**
 * Text that can't move the cursor of a terminal, change its title or hide what follows, whatever a file name holds: control
 * characters but the end of a line, and what changes the direction of text, are written as escapes.
 */
export function showControls(text: string): string {
  return escapeControls(text, (code) =>
    code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`,
  )
}

/** {@link showControls} with escapes of another kind. @param write the escape of a character below 0x10000 */
export function escapeControls(text: string, write: (code: number) => string): string {
  return text.replace(/(?!\n)[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    write(char.charCodeAt(0)),
  )
}

/**
 * {@link showControls} for what a logger writes of a value: the texts of lists and objects, and of an error and its causes.
 * JSON.stringify leaves C1 controls, which terminals obey, as they are.
 */
export function showControlsIn<T>(value: T): T {
  return showIn(value) as T
}

function showIn(value: unknown): unknown {
  if (typeof value === 'string') return showControls(value)
  if (Array.isArray(value)) return value.map(showIn)
  if (value instanceof Error) return showInError(value, MAX_CAUSES)
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value as object).map(([key, each]) => [showControls(key), showIn(each)]),
  )
}

/** An error may be its own cause. */
const MAX_CAUSES = 10

/** The error itself, or one that inherits all other properties from it: it may belong to the app. */
function showInError(error: Error, maxCauses: number): Error {
  const { message, stack, cause } = error
  const shown: PropertyDescriptorMap = {}
  for (const [key, before] of Object.entries({ ...error, message, stack, cause })) {
    const isCause = before instanceof Error && maxCauses > 0
    const value = isCause
      ? showInError(before, maxCauses - 1)
      : typeof before === 'string'
        ? showControls(before)
        : before
    const enumerable = Object.prototype.propertyIsEnumerable.call(error, key)
    if (value !== before) shown[key] = { value, enumerable }
  }
  return Object.keys(shown).length === 0 ? error : Object.create(error, shown)
}

/** True for an error of the operating system with this code: `isSystemError(error, 'ENOENT')`. */
export function isSystemError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
