import type { FileHandle } from 'node:fs/promises'
import { FingerpostError } from '../core/error.ts'

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
 * An archive as any `tar` reads it: ustar, with pax headers for names that are long or not ASCII. It tells no time, no
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
 * Finds the files of an archive without reading them.
 *
 * @param where names it in messages
 * @throws FingerpostError `FP_DAMAGED` for what is no tar archive, or only part of one
 */
export async function indexTar(file: FileHandle, where: string): Promise<ReadonlyMap<string, TarPlace>> {
  const { size: total } = await file.stat()
  const places = new Map<string, TarPlace>()
  let longName: string | undefined
  for (let at = 0; ; ) {
    const header = await readAt(file, { offset: at, size: BLOCK }, where)
    if (header[0] === 0) return places
    const { name, size, type } = parseHeader(header, where)
    const place = { offset: at + BLOCK, size }
    if (place.offset + size > total) throw damaged(where, 'it ends in the middle of a file')
    if (type === 'x') longName = paxPath((await readAt(file, place, where)).toString())
    else {
      if (type === '0' || type === '\0') places.set((longName ?? name).replace(/^\.\//, ''), place)
      longName = undefined
    }
    at = place.offset + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** The bytes at a place. @throws FingerpostError `FP_DAMAGED` if the archive ends before */
export async function readAt(file: FileHandle, { offset, size }: TarPlace, where: string): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  for (let done = 0; done < size; ) {
    const { bytesRead } = await file.read(bytes, done, size - done, offset + done)
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
  block.forEach((byte, at) => {
    if (at < 148 || at >= 156) sum += byte
  })
  return sum
}

function parseHeader(block: Buffer, where: string) {
  const text = (at: number, length: number) => block.toString('utf8', at, at + length).replace(/\0.*$/s, '')
  const number = (at: number, length: number) => Number.parseInt(text(at, length).trim() || '0', 8)
  if (block[0] === 0x1f && block[1] === 0x8b) throw damaged(where, 'it is compressed with gzip')
  if (number(148, 8) !== checksumOf(block)) throw damaged(where, 'a header has the wrong checksum')
  const prefix = text(345, 155)
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  return { name, size: number(124, 12), type: text(156, 1) || '\0' }
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

function paxPath(records: string): string | undefined {
  return /^\d+ path=(.*)$/m.exec(records)?.[1]
}

function damaged(where: string, fault: string): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${where} can't be read as an archive: ${fault}.`, {
    remedy:
      'fingerpost pack writes archives that can; one that is compressed has to be unpacked first (gunzip).',
    details: { archive: where },
  })
}
