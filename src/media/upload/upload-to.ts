import { FingerpostError } from '../../core/error.ts'
import { isSafeKey, safeName } from '../content/name.ts'

/** What is known of a file before its bytes are read. */
export interface UploadedName {
  /** The form field. */
  readonly field: string
  /** The name the visitor's computer gave it; functions get it made safe. */
  readonly filename: string
  /** The media type the browser claims; never trusted. */
  readonly claimedType: string
}

/**
 * Where an upload goes: a folder with the date in it (`avatars/%Y/%m`; Django's `upload_to`), or a function that
 * returns the whole name, whose result is checked like any other.
 */
export type UploadTo<Request> = string | ((request: Request, file: UploadedName) => string | Promise<string>)

/**
 * The key an upload asks for. Dates are UTC: `%Y %m %d %H %M %S`, `%j` the day of the year, `%%` a percent sign.
 *
 * @throws FingerpostError `FP_PATH` if the function's name, or the folder, leaves the root or isn't safe
 */
export async function resolveUploadTo<Request>(
  uploadTo: UploadTo<Request>,
  request: Request,
  file: UploadedName,
  now: Date,
): Promise<string> {
  const filename = safeName(file.filename)
  const key =
    typeof uploadTo === 'function'
      ? await uploadTo(request, { ...file, filename })
      : [...formatDate(uploadTo, now).split('/').filter(isGiven), filename].join('/')
  if (isSafeKey(key)) return key
  throw new FingerpostError('FP_PATH', `uploadTo gave ${JSON.stringify(key)}, which is no safe name.`, {
    remedy: 'Return a relative name without dot segments; safeName() makes one segment safe.',
    details: { key },
  })
}

function isGiven(segment: string): boolean {
  return segment !== ''
}

function formatDate(pattern: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const values: Readonly<Record<string, string>> = {
    '%Y': String(now.getUTCFullYear()),
    '%m': two(now.getUTCMonth() + 1),
    '%d': two(now.getUTCDate()),
    '%H': two(now.getUTCHours()),
    '%M': two(now.getUTCMinutes()),
    '%S': two(now.getUTCSeconds()),
    '%j': String(dayOfYear(now)).padStart(3, '0'),
    '%%': '%',
  }
  return pattern.replace(/%[YmdHMSj%]/g, (directive) => values[directive] ?? directive)
}

function dayOfYear(now: Date): number {
  return Math.floor((now.getTime() - Date.UTC(now.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}
