import { randomUUID } from 'node:crypto'
import { asFunction, type OptionTable, parseOptions } from '../core/option.ts'
import { comparePaths, parseLogicalPath } from '../core/path.ts'
import { notFound, replaced, taken } from './fault.ts'
import { isTemporaryKey, tryKeys } from './key.ts'
import type { Content, SavedFile, SaveOptions, Storage, StoredFile } from './storage.ts'

/** How to make a storage in memory. */
export interface MemoryOptions {
  /** The time of `modifiedAt`. Default: the system's. */
  readonly now?: () => Date
}

interface Entry {
  readonly bytes: Buffer
  readonly modifiedAt: Date
  readonly validator: string
}

const TABLE: OptionTable<MemoryOptions> = { now: asFunction }

/** Keeps files in this process: for tests, previews and builds that never touch a disk. */
export function createMemoryStorage(options: MemoryOptions = {}): Storage {
  const { now = () => new Date() } = parseOptions(options, TABLE, "createMemoryStorage's options")
  const name = 'memory'
  const files = new Map<string, Entry>()
  // Random, because a validator is remembered by browsers, which outlive this process.
  const origin = randomUUID()
  let saves = 0
  const entryOf = (key: string): Entry => {
    const entry = files.get(parseLogicalPath(key))
    if (entry === undefined) throw notFound(name, key)
    return entry
  }
  const put = (key: string, entry: Entry, options: SaveOptions): Promise<SavedFile> =>
    tryKeys(key, options, async (candidate) => {
      if (options.overwrite !== true && files.has(candidate)) throw taken(name, candidate)
      files.set(candidate, entry)
      return { key: candidate, size: entry.bytes.length }
    })

  return {
    name,
    async save(key, content, options = {}) {
      parseLogicalPath(key)
      const bytes = await collectBytes(content)
      return put(key, { bytes, modifiedAt: now(), validator: `${origin}-${++saves}` }, options)
    },
    async move(from, to, options = {}) {
      const entry = entryOf(from)
      const { validator = entry.validator } = options
      if (validator !== entry.validator) throw replaced(name, from)
      const moved = await put(parseLogicalPath(to), entry, options)
      if (moved.key !== from) files.delete(from)
      return moved
    },
    read: async (key) => Buffer.from(entryOf(key).bytes),
    async *open(key, range) {
      const { bytes } = entryOf(key)
      yield Buffer.from(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))
    },
    async stat(key) {
      const entry = files.get(parseLogicalPath(key))
      return entry && describe(key, entry)
    },
    async *list(prefix = '', after = '') {
      for (const key of [...files.keys()].sort(comparePaths)) {
        const entry = files.get(key)
        const isListed = key.startsWith(prefix) && key > after && !isTemporaryKey(key)
        if (entry !== undefined && isListed) yield describe(key, entry)
      }
    },
    delete: async (key) => void files.delete(parseLogicalPath(key)),
    async sweep(olderThan, folder = '') {
      const isLeft = (key: string, { modifiedAt }: Entry) =>
        key.startsWith(folder) && isTemporaryKey(key) && !(olderThan && modifiedAt >= olderThan)
      const left = [...files].filter(([key, entry]) => isLeft(key, entry))
      for (const [key] of left) files.delete(key)
      return left.length
    },
  }
}

function describe(key: string, { bytes, modifiedAt, validator }: Entry): StoredFile {
  return { key, size: bytes.length, modifiedAt, validator }
}

async function collectBytes(content: Content): Promise<Buffer> {
  if (content instanceof Uint8Array) return Buffer.from(content)
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
