import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest, Digester } from '../../core/digest.ts'
import type { BuildReport } from '../report.ts'
import type { Inputs } from './inputs.ts'

/** What a report has that can't be told from sources and output. */
export type KeptReport = Pick<BuildReport, 'sources' | 'outputs' | 'problems' | 'leftOut'>

/** What a build saw and left. */
export interface Snapshot {
  /** What `Inputs` has under that name. */
  readonly names: Digest
  /** Of the stats of the inputs. */
  readonly stats: Digest
  /** Of the sizes of all files of the output. */
  readonly outputs: Digest
  readonly manifest: Digest
  readonly report: KeptReport
  /** Milliseconds since 1970 when the build began. */
  readonly builtAt: number
}

/** Where one snapshot is kept. */
export interface SnapshotFile {
  /** The snapshot; undefined for none, and for one that is damaged or can't be read. */
  read(): Snapshot | undefined
  /** Keeps a snapshot. A folder that can't be written costs the next build its time, and this one nothing. */
  write(snapshot: Omit<Snapshot, 'names' | 'stats'>, inputs: Inputs): void
}

/** The snapshot in a file. */
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
    write: (rest, { names, stats }) =>
      unlessRefused(() => {
        const snapshot: Snapshot = { ...rest, names, stats: digester.of(stats) }
        const json = Buffer.from(JSON.stringify(snapshot))
        mkdirSync(folder, { recursive: true })
        save(file, Buffer.concat([Buffer.from(`${digester.of(json)}\n`), json]))
      }),
  }
}

/** Where in a cache folder snapshots are. */
export const SNAPSHOT_FOLDER = 'builds'

/** What a build that was killed may leave of a snapshot. */
export const TEMPORARY_SNAPSHOT = /^[0-9a-f]{16}\.\d+\.tmp$/

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
