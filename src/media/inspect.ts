import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { LIMITS } from '../core/limit.ts'
import { asAnything, type OptionTable, parseOptions } from '../core/option.ts'
import { isTemporaryKey } from '../storage/key.ts'
import type { Storage, StoredFile } from '../storage/storage.ts'
import { originalNameOf } from './content/image.ts'
import { foldName, whyUnreadable } from './content/name.ts'

/** Which stored files are orphans. */
export interface OrphanOptions {
  /** Only names that start with this. Default all. */
  readonly prefix?: string
  /** Younger files may be about to be used. Default 24 hours. */
  readonly minAgeHours?: number
}

const TABLE: OptionTable<OrphanOptions> = { prefix: asAnything, minAgeHours: asAnything }

/** A stored file that no request can get. */
export interface Unservable {
  readonly name: string
  readonly reason: string
}

/**
 * Every file that the app doesn't use any more. Names are compared in a folded form: a file is in use if any disk or
 * program could take its name for one of the used ones.
 */
export async function* findOrphans(
  storage: Storage,
  usedNames: Iterable<string>,
  options: OrphanOptions,
  now: number,
): AsyncIterable<StoredFile> {
  const { prefix = '', minAgeHours = LIMITS.sweepMinAgeHours } = parseOptions(
    options,
    TABLE,
    "orphans' options",
  )
  const used = new Set<string>()
  for (const name of usedNames) used.add(foldName(name))
  const youngest = now - minAgeHours * 3_600_000
  const isUsed = (name: string) => used.has(foldName(name))
  for await (const file of storage.list(prefix)) {
    // A variant is used as long as its picture is.
    if (isUsed(file.key) || isUsed(originalNameOf(file.key) ?? file.key)) continue
    if (file.modifiedAt.getTime() <= youngest) yield file
  }
}

/** Every stored file that can't be served, and why. */
export async function* findUnservable(storage: Storage): AsyncIterable<Unservable> {
  for await (const name of namesIn(storage)) {
    const reason = whyUnreadable(name) ?? (await whyUnopened(storage, name))
    if (reason !== undefined) yield { name, reason }
  }
}

/** A listing of a folder leaves out what the storage would not open. */
async function* namesIn(storage: Storage): AsyncIterable<string> {
  const root = rootOf(storage)
  if (root === undefined) {
    for await (const { key } of storage.list()) yield key
    return
  }
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const name = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')
    if (!entry.isDirectory() && !isTemporaryKey(name)) yield name
  }
}

/** The folder of a storage that has one. */
export function rootOf(storage: Storage): string | undefined {
  return 'root' in storage && typeof storage.root === 'string' ? storage.root : undefined
}

async function whyUnopened(storage: Storage, name: string): Promise<string | undefined> {
  try {
    const bytes = storage.open(name, { start: 0, end: 0 })[Symbol.asyncIterator]()
    await bytes.next()
    await bytes.return?.()
    return undefined
  } catch (error) {
    const { message } = error as Error
    return message.split('\n', 1)[0]
  }
}

/**
 * Reads a list of names: one on each line, or separated by NUL. UTF-8 or, with a byte order mark, UTF-16. Quotes, blanks
 * and slashes around a name are removed as well, so that a list as a spreadsheet or `find` writes it is understood.
 *
 * @returns for each name the forms it may be meant in; undefined for bytes in another encoding
 */
export function parseNameList(bytes: Uint8Array): readonly (readonly string[])[] | undefined {
  const text = decodeList(bytes)
  if (text === undefined) return undefined
  return text.split(/\r\n|[\r\n\0]/).flatMap((line) => {
    const bare = line.trim().replace(/^"(.*)"$/, '$1')
    return bare === '' ? [] : [[line, bare, bare.replace(/^(?:\.?\/)+/, '')]]
  })
}

function decodeList(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    // UTF-16 without a mark: every other byte of an ASCII name is NUL.
    return /^[^\0\n]\0[^\0]\0|^\0[^\0]\0[^\0]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
