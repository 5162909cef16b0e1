import type { Digest, Digester } from '../../core/digest.ts'
import { comparePaths } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import { OWN_FOLDER } from '../publish/lock.ts'

/** The sizes of all files of an output but locks. */
export interface Sizes {
  /** The size of a file; undefined if it isn't there. */
  get(key: string): number | undefined
  /** The digest of all keys and sizes, some of them new or changed. Default: as they are. */
  digest(changed?: ReadonlyMap<string, number>): Digest
}

/**
 * Lists the files of an output. They are kept as text, which is what is digested: a table of 140,000 takes a sixth of a
 * second to make, and a build of few changes asks for few.
 */
export async function listSizes(storage: Pick<Storage, 'list'>, digester: Digester): Promise<Sizes> {
  const pieces = await readPieces(storage)
  let searches = 0
  let table: ReadonlyMap<string, number> | undefined
  return {
    get(key) {
      if (++searches > MAX_SEARCHES) table ??= readTable(pieces)
      return table === undefined ? findSize(key, pieces) : table.get(key)
    },
    digest(changed = NONE) {
      const stream = digester.stream()
      for (const bytes of changePieces(pieces, changed)) stream.update(bytes)
      return stream.digest()
    },
  }
}

const NONE: ReadonlyMap<string, number> = new Map()

/** Searches after which a table is cheaper. A build of one file makes a dozen. */
const MAX_SEARCHES = 256

/** Some lines of the text of all sizes, in order of key. */
interface Piece {
  readonly first: string
  readonly bytes: Buffer
}

/** Characters of a piece: the more, the fewer calls to digest them, and the longer a search. */
const PIECE_LENGTH = 32 * 1024

/** No key has a zero in it, and no size a line end: this is where a line begins and nowhere else. */
const LINE_START = '\0\n'
const KEY_END = '\0'

async function readPieces(storage: Pick<Storage, 'list'>): Promise<readonly Piece[]> {
  // The first stands before all keys, so that each key has its place in one.
  const pieces: Piece[] = [{ first: '', bytes: Buffer.alloc(0) }]
  let first = ''
  let text = ''
  for await (const { key, size } of storage.list()) {
    if (key.startsWith(OWN_FOLDER)) continue
    if (text === '') first = key
    text += LINE_START + key + KEY_END + size
    if (text.length < PIECE_LENGTH) continue
    pieces.push({ first, bytes: Buffer.from(text) })
    text = ''
  }
  if (text !== '') pieces.push({ first, bytes: Buffer.from(text) })
  return pieces
}

function findSize(key: string, pieces: readonly Piece[]): number | undefined {
  const bytes = pieceFor(key, pieces)?.bytes
  const start = LINE_START + key + KEY_END
  const at = bytes?.indexOf(start) ?? -1
  if (bytes === undefined || at === -1) return undefined
  const sizeAt = at + Buffer.byteLength(start)
  const end = bytes.indexOf(LINE_START, sizeAt)
  return Number(bytes.toString('latin1', sizeAt, end === -1 ? bytes.length : end))
}

/** The piece in which a key has its place, found by halves. */
function pieceFor(key: string, pieces: readonly Piece[]): Piece | undefined {
  let low = 0
  let high = pieces.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (comparePaths(pieces[middle]?.first ?? '', key) <= 0) low = middle
    else high = middle
  }
  return pieces[low]
}

function readTable(pieces: readonly Piece[]): Map<string, number> {
  const table = new Map<string, number>()
  for (const { bytes } of pieces) {
    for (const line of bytes.toString().split(LINE_START).slice(1)) {
      const end = line.indexOf(KEY_END)
      table.set(line.slice(0, end), Number(line.slice(end + KEY_END.length)))
    }
  }
  return table
}

/** The bytes of all pieces; those in which something changes are made anew. */
function* changePieces(
  pieces: readonly Piece[],
  changed: ReadonlyMap<string, number>,
): Generator<Uint8Array> {
  const changes = new Map<Piece | undefined, string[]>()
  for (const key of changed.keys()) {
    const piece = pieceFor(key, pieces)
    const known = changes.get(piece)
    if (known === undefined) changes.set(piece, [key])
    else known.push(key)
  }
  for (const piece of pieces) {
    const own = changes.get(piece)
    if (own === undefined) yield piece.bytes
    else yield* formatTable(own, readTable([piece]), changed)
  }
}

/** The lines of some keys that change and of all before, in pieces: a first build changes every key in one. */
function* formatTable(
  keys: readonly string[],
  before: ReadonlyMap<string, number>,
  changed: ReadonlyMap<string, number>,
): Generator<Buffer> {
  let text = ''
  for (const key of [...new Set([...before.keys(), ...keys])].sort(comparePaths)) {
    text += LINE_START + key + KEY_END + (changed.get(key) ?? before.get(key))
    if (text.length < PIECE_LENGTH) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}
