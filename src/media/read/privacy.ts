import { FingerpostError } from '../../core/error.ts'
import { decodePath } from '../../core/path.ts'
import { parsePublicUrl } from '../../core/public-url.ts'
import { foldName, isReadableKey } from '../content/name.ts'
import type { MediaConfig } from '../options.ts'

/** Tells private files from public ones, by name. */
export type IsPrivate = (name: string) => boolean

/**
 * Reads the option `private`. Names are compared with prefixes in a folded form, so that no other spelling of a private
 * name is public on a disk that takes both for the same file.
 *
 * @param url where the files are, for a prefix that repeats it
 * @throws FingerpostError `FP_CONFIG` for prefixes that match no name, and if nothing could open a private file
 */
export function createPrivacy(config: MediaConfig, url: string): IsPrivate {
  const { private: option, keys, authorize } = config
  if (option !== false && keys === undefined && authorize === undefined) {
    throw new FingerpostError('FP_CONFIG', 'Private media need signed links or a function that decides.', {
      remedy: 'Give the media plugin the option keys or authorize.',
    })
  }
  if (typeof option === 'boolean') return () => option
  if (typeof option === 'function') return option
  const faults = option.flatMap((prefix) => prefixFault(prefix, parsePublicUrl(url).pathname) ?? [])
  if (faults.length > 0) {
    throw new FingerpostError(
      'FP_CONFIG',
      `Some prefixes in private match no file:\n  ${faults.join('\n  ')}`,
      {
        remedy: 'Write how names begin, relative to the media folder and with slashes: invoices/',
        details: { faults },
      },
    )
  }
  const prefixes = option.map(foldName)
  return (name) => {
    const folded = foldName(name)
    return prefixes.some((prefix) => folded.startsWith(prefix))
  }
}

function prefixFault(prefix: string, url: string): string | undefined {
  const shown = JSON.stringify(prefix)
  const text = decodePath(prefix)
  if (/[*?{[]/.test(text)) return `${shown} is a pattern; only the beginning of a name is compared.`
  if (text.startsWith(url)) return `${shown} begins with the media url. ${insteadOf(text.slice(url.length))}`
  const bare = text.replace(/^(?:\.?\/)+/, '')
  if (bare !== text)
    return `${shown} begins with ${text.slice(0, text.length - bare.length)} ${insteadOf(bare)}`
  // With a letter behind it, it has to be the name of a file.
  return isReadableKey(`${text}x`) ? undefined : `No file has a name that begins with ${shown}.`
}

function insteadOf(text: string): string {
  return text === '' ? 'For all files: private: true' : `Write ${JSON.stringify(text)}.`
}
