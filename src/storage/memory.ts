import { asFunction, type OptionTable, parseOptions } from '../core/option.ts'
import { comparePaths, parseLogicalPath } from '../core/path.ts'
import { notFound, taken } from './fault.ts'
import { tryKeys } from './free-key.ts'
import type { Content, SaveOptions, Storage, StoredFile } from './storage.ts'

/** How to make a storage in memory. */
export interface MemoryOptions {
  /** The time of `modifiedAt`. Default: the system's. */
  readonly now?: () => Date
}

interface Entry {
  readonly bytes: Buffer
  readonly modifiedAt: Date
}

const TABLE: OptionTable<MemoryOptions> = { now: asFunction }

/** Keeps files in this process: for tests, for previews and for builds that never touch a disk. */
export function createMemoryStorage(options: MemoryOptions = {}): Storage {
  const { now = () => new Date() } = parseOptions(options, TABLE, "createMemoryStorage's options")
  const name = 'memory'
  const files = new Map<string, Entry>()
  const describe = (key: string, { bytes, modifiedAt }: Entry): StoredFile => ({
    key,
    size: bytes.length,
    modifiedAt,
  })
  const entryOf = (key: string): Entry => {
    const entry = files.get(parseLogicalPath(key))
    if (entry === undefined) throw notFound(name, key)
    return entry
  }

  return {
    name,
    async save(key: string, content: Content, options: SaveOptions = {}) {
      parseLogicalPath(key)
      const entry = { bytes: await collectBytes(content), modifiedAt: now() }
      // Looked up after the content has arrived: of two writers the second must see the first.
      return tryKeys(key, options, async (candidate) => {
        if (options.overwrite !== true && files.has(candidate)) throw taken(name, candidate)
        files.set(candidate, entry)
        return describe(candidate, entry)
      })
    },
    read: async (key) => Buffer.from(entryOf(key).bytes),
    async *open(key, range) {
      const { bytes } = entryOf(key)
      yield Buffer.from(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))
    },
    async stat(key) {
      const entry = files.get(parseLogicalPath(key))
      return entry === undefined ? undefined : describe(key, entry)
    },
    async *list(prefix = '', after = '') {
      for (const key of [...files.keys()].sort(comparePaths)) {
        const entry = files.get(key)
        if (entry !== undefined && key.startsWith(prefix) && key > after) yield describe(key, entry)
      }
    },
    delete: async (key) => void files.delete(parseLogicalPath(key)),
    sweep: async () => 0,
  }
}

async function collectBytes(content: Content): Promise<Buffer> {
  if (content instanceof Uint8Array) return Buffer.from(content)
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
