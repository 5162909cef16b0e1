import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { collectSources } from '../builder/build.ts'
import type { BuildConfig } from '../builder/settings/options.ts'
import { viteManifests } from '../builder/unchanged.ts'
import { LIMITS } from '../core/limit.ts'
import { type LogicalPath, packageFolderOf } from '../core/path.ts'
import { type ChangeHint, startLiveWatch } from '../live/watch.ts'
import { fileStatOf } from '../sources/entry.ts'
import type { Collection, FileStat, SourceFile } from '../sources/finder.ts'
import { parseSource } from '../sources/source.ts'

/** What a build was made from, as it was when the build began. */
export interface BuildInputs {
  /** Files besides the sources that decide on the build, by their absolute paths. */
  readonly others: ReadonlyMap<string, FileState>
  /** undefined if the options could not be read. */
  readonly config?: BuildConfig
  /** undefined if the sources could not be listed. */
  readonly files?: Collection['files']
}

/** Text that an edit of a file changes; '' while there is no file. */
type FileState = string

/** A file that is not as it was. */
export interface Change {
  /** A logical path, or the name of another file. */
  readonly name: string
  readonly state: FileState
}

/** Package managers write one of these with every install. A package may be there now that was missing. */
const INSTALL_RECORDS: readonly string[] = [
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.yarn-state.yml',
  '.pnp.cjs',
]

export function statesOf(paths: readonly string[]): ReadonlyMap<string, FileState> {
  return new Map(
    paths.map((path) => {
      const { inode, size, mtimeNs, ctimeNs } = statOf(path) ?? {}
      return [path, inode === undefined ? '' : `${inode}-${size}-${mtimeNs}-${ctimeNs}`]
    }),
  )
}

/**
 * The states of files that were read while a build ran.
 *
 * @param startedAt milliseconds since 1970, when it began: a file edited since may have been read before the edit
 */
export function statesSince(paths: readonly string[], startedAt: number): ReadonlyMap<string, FileState> {
  const isYoung = (path: string) => (statOf(path)?.ctimeNs ?? 0n) >= BigInt(startedAt) * 1_000_000n
  return new Map(Array.from(statesOf(paths), ([path, state]) => [path, isYoung(path) ? 'edited' : state]))
}

/** Adds what decides on a build of these files besides themselves. */
export function inputsOf(
  others: BuildInputs['others'],
  config: BuildConfig,
  files?: Collection['files'],
): BuildInputs {
  const records = INSTALL_RECORDS.map((name) => join(config.cwd, name))
  const manifests = files === undefined ? [] : viteManifests({ files })
  const all = new Map([...others, ...statesOf([...records, ...manifests])])
  return { others: all, config, ...(files === undefined ? {} : { files }) }
}

/** What a wait for changes needs. */
export interface ChangeWait {
  readonly signal: AbortSignal
  /** Called if the system reports no changes, so that files are looked at every half second instead. */
  readonly onPolling: (reason: unknown) => void
}

/**
 * Waits until something differs from what a build was made from, and then until nothing changes any more: a checkout or
 * an install changes many files.
 *
 * @returns undefined when the signal is aborted
 */
export async function waitForChanges(
  inputs: BuildInputs,
  wait: ChangeWait,
): Promise<readonly Change[] | undefined> {
  for (;;) {
    await nextChange(inputs, wait)
    const changes = await settle(inputs, wait.signal)
    if (wait.signal.aborted) return undefined
    // None if everything is as it was again.
    if (changes.length > 0) return changes
  }
}

/** Resolves when there is a change, or the signal is aborted. */
function nextChange(inputs: BuildInputs, { signal, onPolling }: ChangeWait): Promise<void> {
  return new Promise((resolve) => {
    const check = async (hint: ChangeHint) => {
      const hasChanged = (await findChanges(inputs, hint)).length > 0
      if (hasChanged) finish()
      return hasChanged
    }
    const watch = startLiveWatch({ folders: foldersOf(inputs), check, onPolling })
    // The other files are outside the folders, and there may be no folders yet.
    const hint = { isNew: inputs.files === undefined }
    const timer = setInterval(async () => {
      if (hint.isNew || changedStates(inputs.others).length > 0) await check(hint)
    }, LIMITS.livePollMs)
    const finish = () => {
      watch.close()
      clearInterval(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}

/** The folders of the sources, also of empty ones, and of npm packages. */
function foldersOf({ config, files }: BuildInputs): readonly string[] {
  if (config === undefined || files === undefined) return []
  const sources = config.sources.map((source) => parseSource(source, config.cwd).folder)
  const folders = [...sources, ...Array.from(files.values(), ({ source }) => source.folder)]
  return [...new Set(folders.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder)))]
}

async function settle(inputs: BuildInputs, signal: AbortSignal): Promise<readonly Change[]> {
  let changes: readonly Change[] | undefined
  for (let waitedMs = 0; waitedMs < LIMITS.watchSettleMaxMs && !signal.aborted; ) {
    const before = changes
    changes = await findChanges(inputs, { isNew: true })
    if (isDeepStrictEqual(changes, before)) break
    await sleep(LIMITS.watchSettleMs)
    waitedMs += LIMITS.watchSettleMs
  }
  return changes ?? []
}

async function findChanges(inputs: BuildInputs, { isNew }: ChangeHint): Promise<readonly Change[]> {
  const { others, config, files } = inputs
  const changed = changedStates(others)
  if (config === undefined) return changed
  if (files !== undefined && !isNew) return [...changed, ...compare(files, look(files.values()))]
  const current = await list(config)
  if (files !== undefined && current !== undefined) {
    const packaged = Array.from(files.values()).filter(({ path }) => packageFolderOf(path) !== undefined)
    return [...changed, ...compare(files, new Map([...look(packaged), ...current]))]
  }
  const isSame = files === undefined && current === undefined
  return isSame ? changed : [...changed, { name: 'a source folder', state: '' }]
}

function changedStates(others: BuildInputs['others']): readonly Change[] {
  const current = statesOf([...others.keys()])
  return Array.from(current, ([path, state]) => ({ name: basename(path), state, path }))
    .filter(({ path, state }) => others.get(path) !== state)
    .map(({ name, state }) => ({ name, state }))
}

/** The files of the sources; undefined if they can't be listed, which the next build explains. */
async function list(config: BuildConfig): Promise<Collection['files'] | undefined> {
  try {
    return (await collectSources(config)).files
  } catch {
    return undefined
  }
}

/** undefined for a file that is missing or out of reach. */
function statOf(path: string): FileStat | undefined {
  try {
    return fileStatOf(statSync(path, { bigint: true }))
  } catch {
    return undefined
  }
}

/** The files as they are now. */
function look(files: Iterable<SourceFile>): Collection['files'] {
  const found = new Map<LogicalPath, SourceFile>()
  for (const file of files) {
    const stat = statOf(file.absolutePath)
    if (stat !== undefined) found.set(file.path, { ...file, ...stat })
  }
  return found
}

function compare(before: Collection['files'], now: Collection['files']): readonly Change[] {
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((name) => {
    const state = describe(now.get(name))
    return state === describe(before.get(name)) ? [] : [{ name, state }]
  })
}

function describe(file: SourceFile | undefined): FileState {
  if (file === undefined) return ''
  const { absolutePath, size, mtimeNs, ctimeNs, inode } = file
  return `${absolutePath} ${size} ${mtimeNs} ${ctimeNs} ${inode}`
}
