import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Gives back what texts that were read and named have left behind. V8 would wait until it needs the room itself, but
 * it is the encoders that need it next, and their memory is not V8's: a site with files of 13 MB stays 60 MB smaller.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
