import { randomBytes } from 'node:crypto'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import {
  asAnything,
  asCount,
  asFlag,
  asFunction,
  asText,
  type OptionTable,
  parseOptions,
} from '../core/option.ts'
import { temporaryKeyFor } from '../storage/key.ts'
import type { ByteRange, SaveOptions, Storage, StoredFile } from '../storage/storage.ts'
import { type MediaContent, openContent, overLimit, readHead } from './content/content.ts'
import { agreesWithName, falseImage } from './content/image.ts'
import { isReadableKey, isSafeKey, unsafeName, withSuffix } from './content/name.ts'
import { asInline, type PresentationOptions, presentationOf } from './content/presentation.ts'
import { asVariants, createVariantMaker, type Variants } from './content/variant.ts'
import { findOrphans, type OrphanOptions } from './inspect.ts'
import { createAddresses, type MediaLinkOptions } from './links/address.ts'
import { createLinkSigner, type LinkKey } from './links/link.ts'
import { asStorage } from './options.ts'

/** How to save a file. */
export interface MediaSaveOptions {
  /** Replace what has the name. Default false: the new file gets another name. */
  readonly overwrite?: boolean
  /** Bytes allowed; the storage's own limit holds as well. */
  readonly maxBytes?: number
}

/** Content that was received under a name of its own, or under a new name. Until `commit` it replaces nothing. */
export interface StagedFile {
  /** The name it has after `commit`. */
  readonly name: string
  /** Replaces what has the name, in one step. */
  commit(): Promise<void>
  /** Removes the content; what has the name stays. */
  discard(): Promise<void>
}

/** Some files of a listing, and where to go on. */
export interface MediaPage {
  readonly files: readonly StoredFile[]
  /** Give it as `after` to get the next page; undefined on the last one. */
  readonly next: string | undefined
}

/** Which address of a file. */
export interface UrlChoice {
  /** The name of a variant: `small`. Default: the file itself. */
  readonly variant?: string | undefined
}

/** Which part of a listing. */
export interface PageOptions {
  /** Only names behind this one. */
  readonly after?: string
  /** Names on the page at most. Default 1,000. */
  readonly limit?: number
}

/**
 * Files by name, whatever keeps them. Saving through it is the only way uploads take, so what it checks is checked
 * for every backend: the name, the size, and that an image is one.
 */
export interface MediaStorage {
  /** What keeps the files. */
  readonly storage: Storage
  /**
   * Stores content under this name, or under one with a random suffix where the name is taken.
   *
   * @returns the name used
   * @throws FingerpostError `FP_PATH` for an unsafe name, `FP_LIMIT` (413) for too many bytes, `FP_UPLOAD` (400) where
   * the name promises an image and the bytes are none
   */
  save(name: string, content: MediaContent, options?: MediaSaveOptions): Promise<string>
  /**
   * As `save`, in two steps: with `overwrite` the content waits under a temporary name until `commit`. Without, it is
   * stored under a new name at once.
   */
  stage(name: string, content: MediaContent, options?: MediaSaveOptions): Promise<StagedFile>
  /**
   * Checks what arrived under a temporary key as a file of this name, and moves it there.
   *
   * @throws FingerpostError as `save`; `FP_CHANGED` (409) if it was replaced since it had this validator
   */
  admit(temporaryKey: string, name: string, options: { validator: string; maxBytes: number }): Promise<void>
  /** All bytes. @throws FingerpostError `FP_NOT_FOUND` */
  read(name: string): Promise<Buffer>
  /** The bytes, or those from `start` to `end`, both included. @throws FingerpostError `FP_NOT_FOUND` */
  open(name: string, range?: Partial<ByteRange>): AsyncIterable<Uint8Array>
  exists(name: string): Promise<boolean>
  /** Bytes. @throws FingerpostError `FP_NOT_FOUND` */
  size(name: string): Promise<number>
  /** @throws FingerpostError `FP_NOT_FOUND` */
  modifiedAt(name: string): Promise<Date>
  /** One page of the names that start with a prefix, in order. */
  list(prefix?: string, options?: PageOptions): Promise<MediaPage>
  /** Removes a file and its variants; one that isn't there is no error. */
  delete(name: string): Promise<void>
  /** The address of a file; it need not exist. @throws FingerpostError `FP_CONFIG` for a storage that has none */
  url(name: string, choice?: UrlChoice): string
  /**
   * An address that is good for this file alone, and only until it expires.
   *
   * @throws FingerpostError `FP_CONFIG` without keys, unless an object store signs
   */
  signedUrl(name: string, options?: MediaLinkOptions & UrlChoice): Promise<string>
  /** Every file whose name the application doesn't use any more. Deletes nothing. */
  orphans(usedNames: Iterable<string>, options?: OrphanOptions): AsyncIterable<StoredFile>
}

/** How a media storage checks and presents what it keeps. */
export interface MediaStorageOptions extends PresentationOptions {
  /** Bytes of one file. Default 10 MiB. */
  readonly maxBytes?: number
  /** Cache-Control that an object store answers with. Default `no-cache`. */
  readonly cacheControl?: string
  /** Where the media plugin serves the files: `/media/`. Default: an object store's own address, else none. */
  readonly url?: string
  /** The plugin's keys, for signed addresses below `url`. Default: an object store signs its own, else none. */
  readonly keys?: readonly LinkKey[]
  /** Makes pictures in other sizes, stored beside each picture and removed with it. */
  readonly variants?: Variants
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
}

const TABLE: OptionTable<MediaStorageOptions> = {
  maxBytes: asCount,
  cacheControl: asText,
  url: asText,
  // Checked by what signs.
  keys: asAnything,
  variants: asVariants,
  now: asFunction,
  inline: asInline,
  inlineSvg: asFlag,
}

/** Puts checks and names around a storage. @throws FingerpostError `FP_CONFIG` for a wrong option */
export function createMediaStorage(given: Storage, settings: MediaStorageOptions = {}): MediaStorage {
  const storage = asStorage(given, 'storage')
  const options = parseOptions(settings, TABLE, "createMediaStorage's options")
  const { maxBytes = LIMITS.uploadMaxFileBytes, cacheControl = 'no-cache', now = Date.now } = options
  const signer = options.keys === undefined ? undefined : createLinkSigner(options.keys, now)
  const addresses = createAddresses(storage, options.url, signer)
  const variants = createVariantMaker(options.variants ?? {})
  /** A name to look for: one that `save` gives, or one that another program gave. */
  const checkName = (name: string) => {
    if (typeof name === 'string' && isReadableKey(name)) return name
    throw unsafeName(name, options.url)
  }
  const chosen = (name: string, { variant }: UrlChoice) =>
    variant === undefined ? checkName(name) : variants.nameOf(checkName(name), variant)
  const stat = async (name: string) => {
    const found = await storage.stat(name)
    if (found !== undefined) return found
    throw new FingerpostError('FP_NOT_FOUND', `${storage.name} has no file ${name}.`, { details: { name } })
  }
  const headersOf = (name: string, head: Uint8Array) => {
    const { contentType, contentDisposition } = presentationOf(name, head, options)
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
  const removeVariants = async (name: string) => {
    for (const variant of variants.namesOf(name)) await storage.delete(variant)
  }
  /**
   * Makes the variants of a picture, from its bytes under a key. They wait until `commit`. Old ones go before the picture
   * changes: until the new ones come it is shown in their place, and a killed process leaves none of another picture.
   */
  const stageVariants = async (name: string, key: string, arrive: () => Promise<unknown>) => {
    const staged: (readonly [temporary: string, name: string])[] = []
    const discard = async () => {
      for (const [temporary] of staged) await storage.delete(temporary)
    }
    try {
      const picture = variants.namesOf(name).length === 0 ? Buffer.alloc(0) : await storage.read(key)
      for await (const made of variants.make(name, picture)) {
        const temporary = temporaryKeyFor(made.name)
        staged.push([temporary, made.name])
        await storage.save(temporary, made.bytes, { headers: headersOf(made.name, made.bytes) })
      }
    } catch (error) {
      await discard()
      throw error
    }
    const commit = async () => {
      await removeVariants(name)
      await arrive()
      for (const [temporary, variant] of staged) await storage.move(temporary, variant, { overwrite: true })
    }
    return { commit, discard }
  }
  const stage: MediaStorage['stage'] = async (name, given, { overwrite = false, maxBytes: most } = {}) => {
    const key = overwrite
      ? await put(name, temporaryKeyFor(name), given, most)
      : await put(name, name, given, most, { alternative: alternativesTo(name) })
    const used = overwrite ? name : key
    const arrive = async () => overwrite && storage.move(key, name, { overwrite })
    const { commit, discard } = await stageVariants(used, key, arrive).catch(async (error: unknown) => {
      await storage.delete(key)
      throw error
    })
    return {
      name: used,
      commit,
      async discard() {
        await discard()
        await storage.delete(key)
        if (!overwrite) await removeVariants(key)
      },
    }
  }
  return {
    storage,
    async save(name, given, saving = {}) {
      if (saving.overwrite === true && variants.namesOf(name).length === 0)
        return put(name, name, given, saving.maxBytes, { overwrite: true })
      const staged = await stage(name, given, saving)
      await staged.commit()
      return staged.name
    },
    stage,
    async admit(key, name, { validator, maxBytes: most }) {
      const { size } = await stat(key)
      if (size > most) throw overLimit('The file', most)
      const head = await readHead(storage, { key, size }, name)
      if (!agreesWithName(name, head)) throw falseImage(name)
      const arrive = () => storage.move(key, name, { validator, headers: headersOf(name, head) })
      const { commit, discard } = await stageVariants(name, key, arrive)
      await commit().catch(async (error: unknown) => {
        await discard()
        throw error
      })
    },
    read: async (name) => storage.read(checkName(name)),
    async *open(name, range) {
      checkName(name)
      yield* storage.open(name, range && (await completeRange(range, () => stat(name))))
    },
    exists: async (name) => (await storage.stat(checkName(name))) !== undefined,
    size: async (name) => (await stat(checkName(name))).size,
    modifiedAt: async (name) => (await stat(checkName(name))).modifiedAt,
    list: (prefix = '', page = {}) => listPage(storage, prefix, page),
    async delete(name) {
      await storage.delete(checkName(name))
      await removeVariants(name)
    },
    url: (name, choice = {}) => addresses.url(chosen(name, choice)),
    async signedUrl(name, { variant, ...signing } = {}) {
      if (variant === undefined || signing.method !== 'PUT')
        return addresses.signedUrl(chosen(name, { variant }), signing)
      throw new FingerpostError('FP_CONFIG', 'A variant is made from its picture and has no address for PUT.')
    },
    orphans: (usedNames, orphan = {}) => findOrphans(storage, usedNames, orphan, now()),
  }
}

async function completeRange(
  { start = 0, end }: Partial<ByteRange>,
  stat: () => Promise<StoredFile>,
): Promise<ByteRange> {
  return { start, end: end ?? (await stat()).size - 1 }
}

/** Seven random characters, as many as make a guess hopeless and a clash with twenty files in a row impossible. */
function alternativesTo(name: string): (attempt: number) => string | undefined {
  return (attempt) =>
    attempt > LIMITS.uploadMaxNameAttempts
      ? undefined
      : withSuffix(name, `_${randomBytes(5).toString('base64url')}`)
}

async function listPage(storage: Storage, prefix: string, page: PageOptions): Promise<MediaPage> {
  const { after, limit = LIMITS.listPageEntries } = page
  const files: StoredFile[] = []
  for await (const file of storage.list(prefix, after)) {
    if (files.length === limit) return { files, next: files.at(-1)?.key }
    files.push(file)
  }
  return { files, next: undefined }
}
