import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import {
  asAnything,
  asCount,
  asFlag,
  asFunction,
  asText,
  type OptionTable,
  parseCallOptions,
  parseOptions,
} from '../core/option.ts'
import type { ByteRange, Storage, StoredFile } from '../storage/storage.ts'
import type { MediaContent } from './content/content.ts'
import { isReadableKey, unsafeName } from './content/name.ts'
import { asInline, type PresentationOptions } from './content/presentation.ts'
import { asVariants, createVariantMaker, type Variants } from './content/variant.ts'
import { findOrphans, type OrphanOptions } from './inspect.ts'
import { createAddresses, LINK_TABLE, type MediaLinkOptions } from './links/address.ts'
import { createLinkSigner, type LinkKey } from './links/link.ts'
import { asStorage } from './options.ts'
import type { StagedFile } from './staged-file.ts'
import { createStaging, type MediaSaveOptions, statOf } from './staging.ts'

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

const URL_TABLE: OptionTable<UrlChoice> = { variant: asText }

const PAGE_TABLE: OptionTable<PageOptions> = { after: asAnything, limit: asCount }

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
  const staging = createStaging({ storage, variants, maxBytes, presentation: options, cacheControl })
  return {
    storage,
    save: staging.save,
    stage: staging.stage,
    admit: staging.admit,
    read: async (name) => storage.read(checkName(name)),
    async *open(name, range) {
      checkName(name)
      yield* storage.open(name, range && (await completeRange(range, () => statOf(storage, name))))
    },
    exists: async (name) => (await storage.stat(checkName(name))) !== undefined,
    size: async (name) => (await statOf(storage, checkName(name))).size,
    modifiedAt: async (name) => (await statOf(storage, checkName(name))).modifiedAt,
    list: async (prefix = '', page = {}) =>
      listPage(storage, prefix, parseOptions(page, PAGE_TABLE, "list's options")),
    async delete(name) {
      await storage.delete(checkName(name))
      await staging.removeVariants(name)
    },
    url: (name, choice) =>
      addresses.url(chosen(name, parseCallOptions(choice, URL_TABLE, 'the options of a media URL'))),
    async signedUrl(name, options) {
      const table = { ...URL_TABLE, ...LINK_TABLE }
      const { variant, ...signing } = parseCallOptions(options, table, "signedUrl's options")
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

async function listPage(storage: Storage, prefix: string, page: PageOptions): Promise<MediaPage> {
  const { after, limit = LIMITS.listPageEntries } = page
  const files: StoredFile[] = []
  for await (const file of storage.list(prefix, after)) {
    if (files.length === limit) return { files, next: files.at(-1)?.key }
    files.push(file)
  }
  return { files, next: undefined }
}
