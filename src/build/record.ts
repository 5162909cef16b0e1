import { FingerpostError } from '../core/error.ts'
import {
  type BuildRecord,
  EMPTY_HISTORY,
  formatHistory,
  HISTORY_FILE,
  type History,
  parseHistory,
  type RetiredAsset,
} from '../core/history.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Storage } from '../storage/storage.ts'
import { refuseForeign } from './foreign.ts'

/** The build that is about to be written. */
export interface ComingBuild {
  /** The digest its manifest will have. */
  readonly digest: string
  readonly files: ReadonlySet<string>
  readonly at: Date
  /** A build from elsewhere whose files are carried forward into this output. */
  readonly previous?: Manifest | undefined
}

/**
 * Notes a build in the history before its first file is written, so that whatever happens next, a prune will know
 * whose files they are.
 *
 * @returns files written: 0 or 1
 * @throws FingerpostError `FP_COLLISION` if the history there is somebody else's
 */
export async function recordBuild(
  storage: Storage,
  present: Manifest | undefined,
  coming: ComingBuild,
): Promise<number> {
  const text = await readHistoryText(storage)
  const next = formatHistory(addBuild(readableHistory(text, storage.name), present, coming))
  if (next === text) return 0
  await storage.save(HISTORY_FILE, Buffer.from(next), { overwrite: true })
  return 1
}

/** Refuses what {@link recordBuild} would refuse, for those who only look. @throws FingerpostError `FP_COLLISION` */
export async function refuseForeignHistory(storage: Storage): Promise<void> {
  readableHistory(await readHistoryText(storage), storage.name)
}

/** The history of an output. @throws FingerpostError `FP_MANIFEST` for one that can't be read */
export async function readHistory(storage: Storage): Promise<History> {
  const text = await readHistoryText(storage)
  return text === undefined ? EMPTY_HISTORY : parseHistory(text, `${storage.name}: ${HISTORY_FILE}`)
}

/** A history with one more build, and the files of the one it replaces among the retired. */
export function addBuild(history: History, present: Manifest | undefined, coming: ComingBuild): History {
  const { digest, files, at, previous } = coming
  const past = [...foreignRecord(history, coming), ...markAbandoned(history.builds, present?.digest)]
  const last = past.at(-1)
  const isSame = last?.digest === digest
  const record = isSame && !last.abandoned ? last : { digest, publishedAt: at, files, abandoned: false }
  const retired = new Map<string, RetiredAsset>(history.retired)
  for (const manifest of [previous, present]) {
    for (const [path, { references: _, ...asset }] of manifest?.assets ?? []) {
      if (!files.has(asset.file)) retired.set(asset.file, { path, ...asset })
    }
  }
  for (const file of files) retired.delete(file)
  return { builds: [...(isSame ? past.slice(0, -1) : past), record], retired }
}

/** The build from elsewhere as the oldest of all, unless it is known here. */
function foreignRecord({ builds }: History, { previous, digest, at }: ComingBuild): readonly BuildRecord[] {
  if (previous === undefined || previous.digest === digest) return []
  if (builds.some((build) => build.digest === previous.digest)) return []
  const files = new Set([...previous.assets.values()].map(({ file }) => file))
  return [{ digest: previous.digest, publishedAt: at, files, abandoned: false }]
}

/** The last build noted is abandoned if it isn't the one in force: its process died before it was published. */
export function markAbandoned(
  builds: readonly BuildRecord[],
  inForce: string | undefined,
): readonly BuildRecord[] {
  const last = builds.at(-1)
  if (last === undefined || last.digest === inForce) return builds
  return [...builds.slice(0, -1), { ...last, abandoned: true }]
}

async function readHistoryText(storage: Storage): Promise<string | undefined> {
  if ((await storage.stat(HISTORY_FILE)) === undefined) return undefined
  return (await storage.read(HISTORY_FILE)).toString()
}

/** A history that can't be read is begun anew: what it knew stays on the disk, which harms nobody. */
function readableHistory(text: string | undefined, where: string): History {
  if (text === undefined) return EMPTY_HISTORY
  try {
    return parseHistory(text, where)
  } catch (error) {
    if (!(error instanceof FingerpostError && error.code === 'FP_MANIFEST')) throw error
    refuseForeign(text, HISTORY_FILE, where, ({ builds }) => Array.isArray(builds))
    return EMPTY_HISTORY
  }
}
