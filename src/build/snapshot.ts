import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest, Digester } from '../core/digest.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Collection } from '../find/finder.ts'
import { VITE_MANIFEST } from './prehashed.ts'
import type { BuildReport } from './report.ts'

/** What a report has that can't be told from sources and output. */
export type KeptReport = Pick<BuildReport, 'sources' | 'outputs' | 'problems' | 'leftOut'>

/** What a build saw and left. */
export interface Snapshot {
  /** Of what {@link describeInputs} says. */
  readonly inputs: Digest
  /** Of the sizes of all files of the output. */
  readonly outputs: Digest
  readonly manifest: Digest
  readonly report: KeptReport
}

/** Where one snapshot is kept. */
export interface SnapshotFile {
  /** The snapshot; undefined for none, and for one that is damaged or can't be read. */
  read(): Snapshot | undefined
  /** The inputs a snapshot is of; undefined if they aren't there, or are another's. */
  readInputs(snapshot: Snapshot): string | undefined
  /** Keeps a snapshot with its inputs. A folder that can't be written costs the next build its time, and this one nothing. */
  write(snapshot: Snapshot, inputs: string): void
}

/** The snapshot in a file. Its inputs, which few builds ask for, are in another one beside it. */
export function openSnapshotFile(folder: string, name: string, digester: Digester): SnapshotFile {
  const file = join(folder, name)
  const save = (path: string, bytes: Buffer) => {
    writeFileSync(`${path}.${process.pid}.tmp`, bytes)
    renameSync(`${path}.${process.pid}.tmp`, path)
  }
  return {
    read: () =>
      unlessRefused(() => {
        const bytes = readFileSync(file)
        const json = bytes.subarray(CHECKSUM_BYTES)
        const isWhole = bytes.toString('latin1', 0, CHECKSUM_BYTES - 1) === digester.of(json)
        return isWhole ? (JSON.parse(json.toString()) as Snapshot) : undefined
      }),
    readInputs: ({ inputs }) =>
      unlessRefused(() => {
        const bytes = readFileSync(`${file}.inputs`)
        return digester.of(bytes) === inputs ? bytes.toString() : undefined
      }),
    write: (snapshot, inputs) =>
      unlessRefused(() => {
        const json = Buffer.from(JSON.stringify(snapshot))
        mkdirSync(folder, { recursive: true })
        save(`${file}.inputs`, Buffer.from(inputs))
        save(file, Buffer.concat([Buffer.from(`${digester.of(json)}\n`), json]))
      }),
  }
}

/** Where in a cache folder snapshots are. */
export const SNAPSHOT_FOLDER = 'builds'

/** What a build that was killed may leave of a snapshot. */
export const TEMPORARY_SNAPSHOT = /^[0-9a-f]{16}(\.inputs)?\.\d+\.tmp$/

/**
 * All that a build sees of its sources without reading them, as one text: a field at a time would take longer to digest
 * than the files take to be looked at.
 *
 * @param settledMs milliseconds since 1970: what was touched later may be edited once more without its stat changing (law
 * 4), so it never counts as unchanged
 */
export function describeInputs(
  { files, shadowed, skipped }: Collection,
  settledMs: number = Number.MAX_SAFE_INTEGER,
): string {
  const lines: string[] = []
  const folders = new Set<string>()
  const settledNs = BigInt(settledMs) * 1_000_000n
  for (const { path, absolutePath, source, size, mtimeNs, ctimeNs, inode } of files.values()) {
    const isYoung = mtimeNs > settledNs || ctimeNs > settledNs
    const stat = isYoung ? YOUNG : `${size} ${mtimeNs} ${ctimeNs} ${inode}`
    lines.push(`${path}\0${absolutePath}\0${stat}`)
    folders.add(source.folder)
  }
  // What loses or is left out shows in messages.
  for (const { path, loser } of shadowed) lines.push(`shadowed ${path}\0${loser.absolutePath}`)
  for (const { path, reason } of skipped) lines.push(`skipped ${path}\0${reason}`)
  for (const folder of folders) {
    const found = statSync(join(folder, VITE_MANIFEST), { throwIfNoEntry: false })
    const isYoung = found !== undefined && Math.max(found.mtimeMs, found.ctimeMs) > settledMs
    lines.push(`vite ${folder}\0${isYoung ? YOUNG : `${found?.size} ${found?.mtimeMs} ${found?.ctimeMs}`}`)
  }
  return lines.join(LINE_END)
}

/** In place of a stat: no stat is like it. */
const YOUNG = 'young'

/** The files that differ between two descriptions; undefined if anything else does. */
export function findChanges(before: string, now: string): ReadonlySet<LogicalPath> | undefined {
  const old = before.split(LINE_END)
  const lines = now.split(LINE_END)
  if (old.length !== lines.length) return undefined
  const changed = new Set<LogicalPath>()
  for (const [index, line] of lines.entries()) {
    if (line === old[index]) continue
    const [path = '', place, stat] = line.split('\0')
    if (stat === undefined || !old[index]?.startsWith(`${path}\0${place}\0`)) return undefined
    changed.add(path)
  }
  return changed
}

/** No path has a zero in it. */
const LINE_END = '\0\n'

/** A digest and a line end. */
const CHECKSUM_BYTES = 17

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}
