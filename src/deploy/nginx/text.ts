import { FingerpostError } from '../../core/error.ts'

/**
 * A value as nginx reads it back: quoted where it must be.
 *
 * @throws FingerpostError `FP_CONFIG` for a dollar sign, which nginx would take for a variable, and for line ends
 */
export function quoteValue(text: string): string {
  if (/[$\p{Cc}]/u.test(text)) {
    throw new FingerpostError('FP_CONFIG', `nginx can't be told ${JSON.stringify(text)}.`, {
      remedy: 'Choose a name without a dollar sign and control characters.',
    })
  }
  return /^[\w./:@%+,=*~-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** A key of a `map` that stands for exactly this text; its dollar signs are plain there. */
export function quoteKey(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Text as part of a regular expression (PCRE). */
export function quotePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Lines moved in by four blanks; empty lines stay empty. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
