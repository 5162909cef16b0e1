import { opendir, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import { parseLogicalPath } from '../core/path.ts'
import { isWithin } from './entry.ts'
import type { SourceFolder } from './finder.ts'
import { findPackageFolder } from './package.ts'

/**
 * A source as configured: `'assets'`, `'vendor=node_modules/x/dist'`, `'vendor=npm:x/dist'`, or an object. With `package`,
 * `dir` is relative to the package, which is resolved as Node does.
 */
export type SourceOption =
  | string
  | { readonly dir: string; readonly prefix?: string }
  | { readonly package: string; readonly dir?: string; readonly prefix?: string }

/** How to locate sources. */
export interface LocateOptions {
  /** Absolute; the base of relative folders. */
  readonly cwd: string
  /** The output folder, relative to `cwd` or absolute, which must not overlap with a source; need not exist. Default: none. */
  readonly out?: string
}

/**
 * Reads a source: `DIR`, `npm:PACKAGE/DIR`, or one of them after `PREFIX=`. Text that begins with `/`, `./` or `../` is
 * always a folder: `./a=b` is the folder `a=b`. Accesses the disk only to find a package.
 *
 * @throws FingerpostError `FP_USAGE` for a prefix that isn't a logical path, and for an empty folder; `FP_SOURCE` for a
 * package that isn't installed
 */
export function parseSource(option: SourceOption, cwd: string): SourceFolder {
  const source = typeof option === 'string' ? splitSource(option) : option
  const { prefix = '' } = source
  if ('package' in source) return { folder: findPackageFolder(source, cwd), prefix: parsePrefix(prefix) }
  const { dir } = source
  if (dir === '') {
    throw new FingerpostError('FP_USAGE', `The source ${JSON.stringify(source)} has no folder.`, {
      remedy: 'Write DIR or PREFIX=DIR, e.g. vendor/icons=node_modules/icons/dist',
      details: { source },
    })
  }
  return { folder: resolve(cwd, dir), prefix: parsePrefix(prefix) }
}

/**
 * Reads sources and checks that every folder exists, and that none contains the output or is inside it.
 *
 * @returns real paths
 * @throws FingerpostError `FP_SOURCE`, with the nearest existing name for a missing folder; `FP_USAGE` as
 * {@link parseSource} and for no sources at all
 */
export async function locateSources(
  sources: readonly SourceOption[],
  { cwd, out }: LocateOptions,
): Promise<readonly SourceFolder[]> {
  if (sources.length === 0) {
    throw new FingerpostError('FP_USAGE', 'No sources.', {
      remedy: 'Name them (fingerpost build assets), or list them as `sources` in the config file.',
    })
  }
  const located: SourceFolder[] = []
  for (const { folder, prefix } of sources.map((source) => parseSource(source, cwd))) {
    located.push({ folder: await locateFolder(folder), prefix })
  }
  if (out !== undefined) {
    const realOut = await futureRealPath(resolve(cwd, out))
    for (const { folder } of located) refuseOverlap(folder, realOut)
  }
  return located
}

/** Why a folder can't be a source: missing, a file, unreadable. Returns other errors unchanged. */
export async function explainSource(folder: string, cause: unknown): Promise<unknown> {
  if (cause instanceof FingerpostError || !(cause instanceof Error && 'code' in cause)) return cause
  const details = { folder }
  if (isSystemError(cause, 'ENOTDIR')) {
    const message = `The source ${folder} is a file. A source is a folder.`
    return new FingerpostError('FP_SOURCE', message, { details, cause })
  }
  if (isSystemError(cause, 'ENOENT')) {
    const remedy = await suggestFolder(folder)
    return new FingerpostError('FP_SOURCE', `The source ${folder} doesn't exist.`, { remedy, details, cause })
  }
  const message = `The source ${folder} can't be read (${cause.code}).`
  return new FingerpostError('FP_SOURCE', message, { details, cause })
}

function splitSource(text: string): Exclude<SourceOption, string> {
  const equals = /^\.{0,2}\//.test(text) ? -1 : text.indexOf('=')
  const prefix = text.slice(0, Math.max(equals, 0))
  const dir = text.slice(equals + 1)
  const [, name, inside = ''] = /^npm:((?:@[^/]*\/)?[^/]*)(?:\/(.*))?$/.exec(dir) ?? []
  return name === undefined ? { prefix, dir } : { prefix, package: name, dir: inside }
}

function parsePrefix(text: string): string {
  const path = text.replace(/\/$/, '')
  if (path === '') return ''
  try {
    return `${parseLogicalPath(path)}/`
  } catch (cause) {
    throw new FingerpostError('FP_USAGE', `The prefix ${JSON.stringify(text)} is not a path below the url.`, {
      remedy: "Write it like 'vendor/icons'. A folder with = in its name is written ./a=b",
      details: { prefix: text },
      cause,
    })
  }
}

async function locateFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder)
    // Fails if it isn't a folder or can't be read.
    await (await opendir(real)).close()
    return real
  } catch (error) {
    throw await explainSource(folder, error)
  }
}

/** The real path something will have once it exists: its nearest existing ancestor's, and the rest. */
async function futureRealPath(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isSystemError(error, 'ENOTDIR', 'ELOOP', 'EACCES')) throw unusableOutput(path, error)
    if (!isSystemError(error, 'ENOENT') || dirname(path) === path) throw error
    return join(await futureRealPath(dirname(path)), basename(path))
  }
}

function unusableOutput(out: string, cause: NodeJS.ErrnoException): FingerpostError {
  const reasons: Readonly<Record<string, string>> = {
    ENOTDIR: 'is inside a file',
    ELOOP: 'is a link loop',
  }
  const reason = reasons[cause.code ?? ''] ?? "is in a folder that can't be entered"
  return new FingerpostError('FP_SOURCE', `The output ${out} ${reason}.`, {
    remedy: 'Choose another folder with --out DIR.',
    details: { out },
    cause,
  })
}

function refuseOverlap(folder: string, out: string): void {
  const outInside = isWithin(out, folder)
  if (!outInside && !isWithin(folder, out)) return
  const message = outInside
    ? `The output ${out} is inside the source ${folder}: the next build would collect the files of this one.`
    : `The source ${folder} is inside the output ${out}, where fingerpost writes and removes files.`
  throw new FingerpostError('FP_SOURCE', message, {
    remedy: 'Choose a folder next to the sources with --out DIR.',
    details: { folder, out },
  })
}

/** A folder of a similar name, or the nearest existing parent. */
async function suggestFolder(folder: string): Promise<string> {
  const parent = dirname(folder)
  try {
    const entries = await readdir(parent, { withFileTypes: true })
    const folders = entries.filter((entry) => !entry.isFile()).map((entry) => entry.name)
    const [nearest] = nearestNames(basename(folder), folders)
    return nearest === undefined
      ? `${parent} has no folder of a similar name.`
      : `Did you mean ${join(parent, nearest)}?`
  } catch {
    return parent === folder ? 'It is empty.' : suggestParent(parent)
  }
}

async function suggestParent(parent: string): Promise<string> {
  return `${parent} doesn't exist either. ${await suggestFolder(parent)}`
}
