import { FingerpostError } from '../../core/error.ts'
import {
  type BuildMark,
  type BuildRecord,
  condenseBuilds,
  describeChange,
  EMPTY_HISTORY,
  expandBuilds,
  filesAfter,
  formatHistory,
  HISTORY_FILE,
  type History,
  parseHistory,
  type RetiredAsset,
} from '../../core/manifest/history.ts'
import type { Manifest } from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
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
 * @param present the manifest in force
 * @returns the history with this build, and files written: 0 or 1
 * @throws FingerpostError `FP_COLLISION` if another program wrote the history
 */
export async function recordBuild(
  storage: Storage,
  present: Manifest | undefined,
  coming: ComingBuild,
): Promise<{ readonly history: History; readonly written: number }> {
  const text = await readHistoryText(storage)
  const history = addBuild(readableHistory(text, storage.name), present, coming)
  const next = formatHistory(history)
  if (next === text) return { history, written: 0 }
  await storage.save(HISTORY_FILE, Buffer.from(next), { overwrite: true })
  return { history, written: 1 }
}

/** The check of {@link recordBuild} for a dry run. @throws FingerpostError `FP_COLLISION` */
export async function refuseForeignHistory(storage: Storage): Promise<void> {
  readableHistory(await readHistoryText(storage), storage.name)
}

/** The history of an output. @throws FingerpostError `FP_MANIFEST` for one that can't be read */
export async function readHistory(storage: Storage): Promise<History> {
  const text = await readHistoryText(storage)
  return text === undefined ? EMPTY_HISTORY : parseHistory(text, `${storage.name}: ${HISTORY_FILE}`)
}

/** A history with one more build, and the files of the one it replaces among the retired. */
function addBuild(history: History, present: Manifest | undefined, coming: ComingBuild): History {
  const { digest, files, at, previous } = coming
  const past = withForeignBuild(markAbandoned(history.builds, present?.digest), coming)
  const retired = new Map<string, RetiredAsset>(history.retired)
  for (const manifest of [previous, present]) {
    for (const [path, { references: _, ...asset }] of manifest?.assets ?? []) {
      if (!files.has(asset.file)) retired.set(asset.file, { path, ...asset })
    }
  }
  for (const file of retired.keys()) if (files.has(file)) retired.delete(file)
  const mark = { digest, publishedAt: at, abandoned: false }
  const last = past.at(-1)
  if (last?.digest !== digest) {
    return { builds: [...past, describeChange(filesAfter(past), { ...mark, files })], retired }
  }
  // The same digest, the same files: what the build changed stays true.
  return { builds: last.abandoned ? [...past.slice(0, -1), { ...last, ...mark }] : past, retired }
}

/** With the build from elsewhere as the oldest of all, unless it is known here. */
function withForeignBuild(
  builds: readonly BuildRecord[],
  { previous, digest, at }: ComingBuild,
): readonly BuildRecord[] {
  if (previous === undefined || previous.digest === digest) return builds
  if (builds.some((build) => build.digest === previous.digest)) return builds
  const files = new Set([...previous.assets.values()].map(({ file }) => file))
  const foreign = { digest: previous.digest, publishedAt: at, abandoned: false, files }
  return condenseBuilds([foreign, ...expandBuilds(builds)])
}

/** The last build noted is abandoned if it isn't the one in force: its process died before it was published. */
export function markAbandoned<T extends BuildMark>(
  builds: readonly T[],
  inForce: string | undefined,
): readonly T[] {
  const last = builds.at(-1)
  if (last === undefined || last.digest === inForce) return builds
  return [...builds.slice(0, -1), { ...last, abandoned: true }]
}

async function readHistoryText(storage: Storage): Promise<string | undefined> {
  if ((await storage.stat(HISTORY_FILE)) === undefined) return undefined
  return (await storage.read(HISTORY_FILE)).toString()
}

/** A damaged history is replaced by an empty one; the files it listed stay on the disk. */
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
