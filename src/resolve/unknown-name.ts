import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'

/** The error for a name that no file has. */
export function unknownName(
  name: string,
  known: ReadonlyMap<string, unknown> | ReadonlySet<string>,
  describe: (nearest: readonly string[]) => { readonly message: string; readonly remedy: string },
): FingerpostError {
  if (isFolder(name, known.keys())) return notAFile(name)
  const nearest = nearestNames(name, known.keys())
  const { message, remedy } = describe(nearest)
  return new FingerpostError('FP_UNKNOWN_NAME', message, { remedy, details: { name, nearest } })
}

/** The error for what is no text at all. */
export function notAName(given: unknown): FingerpostError {
  const what = given === null || typeof given !== 'object' ? String(given) : 'an object'
  return new FingerpostError('FP_UNKNOWN_NAME', `The name of a file is text, not ${what}.`, {
    remedy:
      "Write it in quotes: static('css/site.css'), in Django's style {% static 'css/site.css' %}. Without quotes it is a variable.",
  })
}

/** The error for a name that ends with a slash, or is that of a folder. */
export function notAFile(name: string): FingerpostError {
  return new FingerpostError(
    'FP_UNKNOWN_NAME',
    `${JSON.stringify(name)} names a folder. Only files have URLs.`,
    {
      remedy: "Give the whole name: static('img/logo.svg'), or static('img/' + name) with a variable.",
      details: { name, nearest: [] },
    },
  )
}

/** True if a name without a slash at its end is that of a folder. */
function isFolder(name: string, known: Iterable<string>): boolean {
  for (const path of known) if (path.startsWith(`${name}/`)) return true
  return false
}
