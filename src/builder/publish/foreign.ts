import { FingerpostError } from '../../core/error.ts'

type JsonObject = Readonly<Record<string, unknown>>

/**
 * Refuses to replace a file of another program where a build keeps its own: complete JSON of another shape. Anything
 * else may be a torn file of ours, which a build repairs.
 *
 * @param file names it below `where`
 * @param isOurs tells our own by their shape, those of later versions included
 * @throws FingerpostError `FP_COLLISION`
 */
export function refuseForeign(
  text: string,
  file: string,
  where: string,
  isOurs: (json: JsonObject) => boolean,
): void {
  const json = parseWhole(text)
  if (json === undefined || (isObject(json) && isOurs(json))) return
  throw new FingerpostError('FP_COLLISION', `${where} has a ${file} that fingerpost didn't write.`, {
    remedy: `Choose another place (--out DIR, or another prefix of the bucket), or move ${file} away. Nothing was published.`,
    details: { file, out: where },
  })
}

/** True for an object, and neither for a list nor for null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Undefined for what isn't JSON. Editors may put a byte order mark before it; fingerpost never does. */
function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
