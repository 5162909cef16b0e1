import { fstatSync, readSync } from 'node:fs'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'

/** A file that goes into an archive. */
export interface TarFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Where in an archive a file's bytes are. */
export interface TarPlace {
  readonly offset: number
  readonly size: number
}

const BLOCK = 512

/** Bytes a name may have in a header of its own (POSIX.1-2017, pax, "ustar Interchange Format"). */
const NAME_MAX_BYTES = 100

/**
 * An archive as any `tar` reads it: ustar, with pax headers for names that are long or not ASCII. It stores no time, no
 * owner and no machine, so the same files are the same bytes.
 */
export async function* writeTar(files: AsyncIterable<TarFile>): AsyncIterable<Uint8Array> {
  for await (const { name, bytes } of files) {
    if (!isPlain(name)) {
      const record = paxRecord(name)
      yield* writeEntry('PaxHeader', 'x', record)
    }
    yield* writeEntry(isPlain(name) ? name : 'file', '0', bytes)
  }
  yield new Uint8Array(2 * BLOCK)
}

/**
 * Finds the files of an archive without reading them: kept readers of tar (tar-stream, modern-tar) read it from end to
 * end, and a build takes few files of a large one. Entries that are neither files nor names of files are skipped.
 * Synchronous, like {@link readAt}: for a header, a trip through the thread pool costs ten times as much as reading it.
 *
 * @param file a descriptor
 * @param where names it in messages
 * @throws FingerpostError `FP_DAMAGED` for anything that is not a complete, uncompressed tar archive
 */
export function indexTar(file: number, where: string): ReadonlyMap<string, TarPlace> {
  const { size: total } = fstatSync(file)
  const places = new Map<string, TarPlace>()
  let longName: string | undefined
  for (let at = 0; ; ) {
    const block = readAt(file, { offset: at, size: BLOCK }, where)
    if (block[0] === 0) return places
    const { name, size, type } = parseHeader(block, where)
    const place = { offset: at + BLOCK, size }
    if (place.offset + size > total) throw damaged(where, 'it ends in the middle of a file')
    if (type === 'x' || type === 'L') {
      if (size > LIMITS.tarNameMaxBytes) throw damaged(where, `a name has ${size} bytes`)
      const bytes = readAt(file, place, where)
      longName = type === 'x' ? paxPath(bytes, where) : untilNul(bytes.toString())
    } else {
      if (type === '0' || type === '\0') places.set((longName ?? name).replace(/^\.\//, ''), place)
      longName = undefined
    }
    at = place.offset + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** The bytes at a place. @throws FingerpostError `FP_DAMAGED` if the archive ends before */
export function readAt(file: number, { offset, size }: TarPlace, where: string): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let done = 0; done < size; ) {
    const bytesRead = readSync(file, bytes, done, size - done, offset + done)
    if (bytesRead === 0) throw damaged(where, 'it ends too early')
    done += bytesRead
  }
  return bytes
}

function* writeEntry(name: string, type: string, bytes: Uint8Array): Iterable<Uint8Array> {
  yield header(name, type, bytes.length)
  yield bytes
  const rest = bytes.length % BLOCK
  if (rest > 0) yield new Uint8Array(BLOCK - rest)
}

/** The fields of a header: name, mode, owner, group, size, time, checksum, type, magic and version. */
function header(name: string, type: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  block.write(name, 0, 'latin1')
  octal(0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** The sum of a header's bytes, its own field counted as blanks. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 32
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return sum
}

function parseHeader(block: Buffer, where: string) {
  if (block[0] === 0x1f && block[1] === 0x8b) throw damaged(where, 'it is compressed with gzip')
  const text = (at: number, length: number) => untilNul(block.toString('utf8', at, at + length))
  if (Number.parseInt(text(148, 8).trim(), 8) !== checksumOf(block)) {
    throw damaged(where, 'a header has the wrong checksum')
  }
  const digits = text(124, 12).trim()
  // Other programs write sizes above 8 GiB in base 256. No file of a build is that large.
  if (!/^[0-7]*$/.test(digits)) throw damaged(where, 'a size is not octal')
  const prefix = text(345, 155)
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  return { name, size: Number.parseInt(digits || '0', 8), type: text(156, 1) || '\0' }
}

function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

function isPlain(name: string): boolean {
  return name.length <= NAME_MAX_BYTES && /^[\x20-\x7e]*$/.test(name)
}

/** `LENGTH path=NAME\n`, where the length counts itself. */
function paxRecord(name: string): Buffer {
  const rest = Buffer.byteLength(` path=${name}\n`)
  let length = rest
  while (length !== rest + String(length).length) length = rest + String(length).length
  return Buffer.from(`${length} path=${name}\n`)
}

/** The name in a pax header, whose records tell their lengths: a name may contain line ends. */
function paxPath(bytes: Buffer, where: string): string | undefined {
  let path: string | undefined
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(' ', at)
    const length = Number(bytes.toString('latin1', at, blank))
    const end = at + length
    if (blank === -1 || !Number.isSafeInteger(length) || end <= blank || bytes[end - 1] !== LINE_END) {
      throw damaged(where, 'a pax header is damaged')
    }
    const record = bytes.toString('utf8', blank + 1, end - 1)
    if (record.startsWith('size=')) throw damaged(where, 'a file is too large')
    if (record.startsWith('path=')) path = record.slice('path='.length)
    at = end
  }
  return path
}

const LINE_END = 0x0a

function damaged(where: string, fault: string): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${where} can't be read as an archive: ${fault}.`, {
    remedy:
      'fingerpost pack writes archives that can; one that is compressed has to be unpacked first (gunzip).',
    details: { archive: where },
  })
}
