import type { DeltaEncoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import {
  DICTIONARIES_FILE,
  type Dictionaries,
  deltaPath,
  formatDictionaries,
  parseDictionaries,
} from '../../core/manifest/dictionaries.ts'
import type { Manifest, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { refuseForeign } from './foreign.ts'

/**
 * What an output has; undefined without it, and for one that is damaged.
 *
 * @throws FingerpostError `FP_COLLISION` if another program wrote it
 */
export async function readDictionaries(storage: Storage): Promise<Dictionaries | undefined> {
  if ((await storage.stat(DICTIONARIES_FILE)) === undefined) return undefined
  const text = (await storage.read(DICTIONARIES_FILE)).toString()
  try {
    return parseDictionaries(text, `${storage.name}: ${DICTIONARIES_FILE}`)
  } catch (error) {
    if (!(error instanceof FingerpostError && error.code === 'FP_MANIFEST')) throw error
    refuseForeign(text, DICTIONARIES_FILE, storage.name, ({ deltas }) => Array.isArray(deltas))
    return undefined
  }
}

/** The deltas of a build's files, by key. */
export function promisedDeltas(
  dictionaries: Dictionaries | undefined,
  { assets }: Manifest,
): ReadonlyMap<string, ManifestVariant> {
  const contents = new Map(Array.from(assets.values(), ({ file, etag }) => [file, etag]))
  const deltas = (dictionaries?.deltas ?? []).filter(({ file, to }) => contents.get(file) === to)
  return new Map(
    deltas.flatMap((delta) =>
      Object.entries(delta.encodings).map(([encoding, variant]) => {
        return [deltaPath(delta, encoding as DeltaEncoding), variant] as const
      }),
    ),
  )
}

/** Makes an output have exactly these, or none. @returns files written or removed: 0 or 1 */
export async function saveDictionaries(storage: Storage, wanted: Dictionaries | undefined): Promise<number> {
  const isThere = (await storage.stat(DICTIONARIES_FILE)) !== undefined
  if (wanted === undefined) {
    if (isThere) await storage.delete(DICTIONARIES_FILE)
    return isThere ? 1 : 0
  }
  const bytes = Buffer.from(formatDictionaries(wanted))
  if (isThere && bytes.equals(await storage.read(DICTIONARIES_FILE))) return 0
  await storage.save(DICTIONARIES_FILE, bytes, { overwrite: true })
  return 1
}
