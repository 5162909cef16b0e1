import { createHash, randomBytes } from 'node:crypto'
import { createBudget } from '../core/concurrent.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { asCount, asFlag, type OptionTable, parseOptions } from '../core/option.ts'
import { temporaryKeyFor } from '../storage/key.ts'
import type { SaveOptions, Storage, StoredFile } from '../storage/storage.ts'
import { type MediaContent, openContent, overLimit, readHead } from './content/content.ts'
import { agreesWithName, falseImage } from './content/image.ts'
import { isSafeKey, unsafeName, withSuffix } from './content/name.ts'
import { type PresentationOptions, presentationOf } from './content/presentation.ts'
import type { VariantMaker } from './content/variant.ts'
import { commitAll, type PreservedFile, type StagedFile } from './staged-file.ts'

/** How to save a file. */
export interface MediaSaveOptions {
  /** Replace what has the name. Default false: the new file gets another name. */
  readonly overwrite?: boolean
  /** Bytes allowed; the storage's own limit holds as well. */
  readonly maxBytes?: number
}

const SAVE_TABLE: OptionTable<MediaSaveOptions> = { overwrite: asFlag, maxBytes: asCount }

/** What is checked and made of a file before it has its name. */
export interface StagingContext {
  readonly storage: Storage
  readonly variants: VariantMaker
  /** Bytes of one file. */
  readonly maxBytes: number
  readonly presentation: PresentationOptions
  /** Cache-Control that an object store answers with. */
  readonly cacheControl: string
}

/** Brings files under their names, with their variants. See `MediaStorage` for the methods. */
export interface Staging {
  save(name: string, content: MediaContent, options?: MediaSaveOptions): Promise<string>
  stage(name: string, content: MediaContent, options?: MediaSaveOptions): Promise<StagedFile>
  admit(temporaryKey: string, name: string, options: { validator: string; maxBytes: number }): Promise<void>
  removeVariants(name: string): Promise<void>
}

export function createStaging(context: StagingContext): Staging {
  const { storage, variants, maxBytes, presentation, cacheControl } = context
  const pictures = createBudget(LIMITS.variantsMaxBytes)
  const headersOf = (name: string, head: Uint8Array) => {
    const { contentType, contentDisposition } = presentationOf(name, head, presentation)
    return { contentType, contentDisposition, cacheControl }
  }
  /** Stores under a key what is checked as a file of this name. */
  const put = async (
    name: string,
    key: string,
    given: MediaContent,
    most = maxBytes,
    taking: SaveOptions = {},
  ) => {
    if (!isSafeKey(name)) throw unsafeName(name)
    const { head, content, close } = await openContent(name, given, Math.min(most, maxBytes))
    if (!agreesWithName(name, head)) {
      await close()
      throw falseImage(name)
    }
    return (await storage.save(key, content, { ...taking, headers: headersOf(name, head) })).key
  }
  const preserve = async (name: string, own: ReadonlySet<string>): Promise<PreservedFile> => {
    const copy = temporaryKeyFor(name)
    const save = async () => {
      const head = await readHead(storage, await statOf(storage, name), name)
      return storage.save(copy, storage.open(name), { headers: headersOf(name, head) })
    }
    const wasThere = (await ifFound(save())) !== undefined
    return {
      async restore() {
        const found = await storage.stat(name)
        if (found === undefined || !own.has(found.validator)) return storage.delete(copy)
        await removeVariants(name)
        await (wasThere ? storage.move(copy, name, { overwrite: true }) : storage.delete(name))
      },
      drop: () => storage.delete(copy),
    }
  }
  const removeVariants = async (name: string) => {
    for (const variant of variants.namesOf(name)) await storage.delete(variant)
  }
  /**
   * Makes the variants of a picture, from its bytes under a key. They wait until `commit`. Old ones go before the picture
   * changes: until the new ones come it is shown in their place, and a killed process leaves none of another picture.
   */
  const stageVariants = async (name: string, key: string, arrive: () => Promise<unknown>) => {
    const names = variants.namesOf(name)
    const staged = new Map<string, string>()
    const discard = async () => {
      for (const temporary of staged.values()) await storage.delete(temporary)
    }
    const make = async () => {
      const picture = await storage.read(key)
      for await (const made of variants.make(name, picture)) {
        const temporary = temporaryKeyFor(made.name)
        staged.set(made.name, temporary)
        await storage.save(temporary, made.bytes, { headers: headersOf(made.name, made.bytes) })
      }
      return hashOf([picture])
    }
    const makeAll = async () =>
      names.length === 0 ? '' : pictures.spend((await statOf(storage, key)).size, make)
    const hash = await makeAll().catch(async (error: unknown) => {
      await discard()
      throw error
    })
    const commit = async () => {
      await removeVariants(name)
      await arrive()
      let areOwn = false
      try {
        for (const variant of names) {
          const temporary = staged.get(variant)
          if (temporary === undefined) await storage.delete(variant)
          else await storage.move(temporary, variant, { overwrite: true })
        }
        areOwn = staged.size === 0 || (await ifFound(hashOf(storage.open(name)))) === hash
      } finally {
        // Some are missing, or another upload has replaced the picture, and these may be variants of this one.
        if (!areOwn) await removeVariants(name)
      }
    }
    return { commit, discard }
  }
  const stage: Staging['stage'] = async (name, given, saving = {}) => {
    const { overwrite = false, maxBytes: most } = parseOptions(saving, SAVE_TABLE, "stage's options")
    const key = overwrite
      ? await put(name, temporaryKeyFor(name), given, most)
      : await put(name, name, given, most, { alternative: alternativesTo(name) })
    const used = overwrite ? name : key
    /** Validators of the content: a storage may give a file another one when it moves it. */
    const own = new Set<string>()
    let isPreserved = false
    const arrive = async () => {
      if (!overwrite) return
      if (isPreserved) own.add((await statOf(storage, key)).validator)
      await storage.move(key, name, { overwrite })
      const moved = isPreserved ? await storage.stat(name) : undefined
      if (moved !== undefined) own.add(moved.validator)
    }
    const { commit, discard } = await stageVariants(used, key, arrive).catch(async (error: unknown) => {
      await storage.delete(key)
      throw error
    })
    return {
      name: used,
      hasVariants: variants.namesOf(used).length > 0,
      async preserve() {
        isPreserved = overwrite
        return overwrite ? preserve(name, own) : undefined
      },
      commit,
      async discard() {
        await discard()
        await storage.delete(key)
        if (!overwrite) await removeVariants(key)
      },
    }
  }
  return {
    stage,
    removeVariants,
    async save(name, given, options = {}) {
      const saving = parseOptions(options, SAVE_TABLE, "save's options")
      if (saving.overwrite === true && variants.namesOf(name).length === 0)
        return put(name, name, given, saving.maxBytes, { overwrite: true })
      const staged = await stage(name, given, saving)
      await commitAll([staged]).catch(async (error: unknown) => {
        await staged.discard()
        throw error
      })
      return staged.name
    },
    async admit(key, name, { validator, maxBytes: most }) {
      const { size } = await statOf(storage, key)
      if (size > most) throw overLimit('The file', most)
      const head = await readHead(storage, { key, size }, name)
      if (!agreesWithName(name, head)) throw falseImage(name)
      let hasArrived = false
      const arrive = async () => {
        await storage.move(key, name, { validator, headers: headersOf(name, head) })
        hasArrived = true
      }
      const { commit, discard } = await stageVariants(name, key, arrive)
      await commit().catch(async (error: unknown) => {
        if (hasArrived) await storage.delete(name)
        await discard()
        throw error
      })
    },
  }
}

/** In pieces: a picture may be large. */
async function hashOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('base64')
}

/** What the work gives; undefined if it found no file. */
async function ifFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof FingerpostError && error.code === 'FP_NOT_FOUND') return undefined
    throw error
  }
}

/** @throws FingerpostError `FP_NOT_FOUND` */
export async function statOf(storage: Storage, name: string): Promise<StoredFile> {
  const found = await storage.stat(name)
  if (found !== undefined) return found
  throw new FingerpostError('FP_NOT_FOUND', `${storage.name} has no file ${name}.`, { details: { name } })
}

/** Seven random characters, as many as make a guess hopeless and a clash with twenty files in a row impossible. */
function alternativesTo(name: string): (attempt: number) => string | undefined {
  return (attempt) =>
    attempt > LIMITS.uploadMaxNameAttempts
      ? undefined
      : withSuffix(name, `_${randomBytes(5).toString('base64url')}`)
}
