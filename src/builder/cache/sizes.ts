import type { Digest, Digester } from '../../core/digest.ts'
import type { Storage } from '../../storage/storage.ts'
import { OWN_FOLDER } from '../publish/lock.ts'

/** The sizes of all files of an output except locks. */
export interface Sizes {
  /** The size of a file; undefined if it isn't there. */
  get(key: string): number | undefined
  /** The digest of all keys and sizes, some of them new or changed. Default: as they are. */
  digest(changed?: ReadonlyMap<string, number>): Digest
}

/** Lists the files of an output. */
export async function listSizes(storage: Pick<Storage, 'list'>, digester: Digester): Promise<Sizes> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of storage.list()) if (!key.startsWith(OWN_FOLDER)) sizes.set(key, size)
  return {
    get: (key) => sizes.get(key),
    digest(changed = new Map()) {
      const lines = Array.from(new Map([...sizes, ...changed]), ([key, size]) => `${key}\0${size}`)
      return digester.ofFields(lines.sort())
    },
  }
}
