import { opendir, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import { parseLogicalPath } from '../core/path.ts'
import { isInside } from './entry.ts'
import type { SourceFolder } from './finder.ts'

/** A source as people write it: `'assets'`, `'vendor=node_modules/x/dist'`, or taken apart. */
export type SourceOption = string | { readonly dir: string; readonly prefix?: string }

/** Where sources are looked for, and what must not overlap with them. */
export interface SourceContext {
  /** Absolute; relative folders start here. */
  readonly cwd: string
  /** The folder a build writes to, relative to `cwd` or absolute; need not exist. Default: none. */
  readonly out?: string
}

/**
 * Reads a source: `DIR` or `PREFIX=DIR`. Text that begins like a path (`/`, `./`, `../`) is a folder whatever follows,
 * so `./a=b` is the folder `a=b`. The disk isn't looked at.
 *
 * @throws FingerpostError `FP_USAGE` for a prefix that is no logical path, and for an empty folder
 */
export function parseSource(source: SourceOption, cwd: string): SourceFolder {
  const { dir, prefix = '' } = typeof source === 'string' ? splitSource(source) : source
  if (dir === '') {
    throw new FingerpostError('FP_USAGE', `The source ${JSON.stringify(source)} names no folder.`, {
      remedy: 'Write DIR or PREFIX=DIR, e.g. vendor/icons=node_modules/icons/dist',
      details: { source },
    })
  }
  return { folder: resolve(cwd, dir), prefix: parsePrefix(prefix) }
}

/**
 * Reads sources and makes sure that they can be used: every folder is there (its real path is the result's), and none
 * contains the output or lies in it.
 *
 * @throws FingerpostError `FP_SOURCE`, with the nearest existing name for a missing folder; `FP_USAGE` as
 * {@link parseSource} and for no sources at all
 */
export async function locateSources(
  sources: readonly SourceOption[],
  { cwd, out }: SourceContext,
): Promise<readonly SourceFolder[]> {
  if (sources.length === 0) {
    throw new FingerpostError('FP_USAGE', 'There are no sources.', {
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

/** Why a folder can't be a source: missing (with the nearest name), a file, unreadable. Other errors come back as they are. */
export async function explainSource(folder: string, cause: unknown): Promise<unknown> {
  if (cause instanceof FingerpostError || !(cause instanceof Error && 'code' in cause)) return cause
  const details = { folder }
  if (isSystemError(cause, 'ENOTDIR')) {
    const message = `The source ${folder} is a file; a source is a folder.`
    return new FingerpostError('FP_SOURCE', message, { details, cause })
  }
  if (isSystemError(cause, 'ENOENT')) {
    const remedy = await suggestFolder(folder)
    return new FingerpostError('FP_SOURCE', `The source ${folder} doesn't exist.`, { remedy, details, cause })
  }
  const message = `The source ${folder} can't be read (${cause.code}).`
  return new FingerpostError('FP_SOURCE', message, { details, cause })
}

function splitSource(text: string): { readonly dir: string; readonly prefix: string } {
  const equals = /^\.{0,2}\//.test(text) ? -1 : text.indexOf('=')
  return { prefix: text.slice(0, Math.max(equals, 0)), dir: text.slice(equals + 1) }
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
    // Also refuses what isn't a folder, and a folder that may not be read.
    await (await opendir(real)).close()
    return real
  } catch (error) {
    throw await explainSource(folder, error)
  }
}

/** The real path something will have once it is made: its nearest existing ancestor's, and the rest. */
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
    ENOTDIR: 'lies below a file',
    ELOOP: 'is a loop of links',
  }
  const reason = reasons[cause.code ?? ''] ?? "lies in a folder that can't be entered"
  return new FingerpostError('FP_SOURCE', `The output ${out} ${reason}.`, {
    remedy: 'Choose another folder with --out DIR.',
    details: { out },
    cause,
  })
}

function refuseOverlap(folder: string, out: string): void {
  const outInside = isInside(out, folder)
  if (!outInside && !isInside(folder, out)) return
  const message = outInside
    ? `The output ${out} lies in the source ${folder}: the next build would collect what this one wrote.`
    : `The source ${folder} lies in the output ${out}: a build may prune what it didn't write.`
  throw new FingerpostError('FP_SOURCE', message, {
    remedy: 'Choose another folder with --out DIR, beside the sources.',
    details: { folder, out },
  })
}

/** What stands where the missing folder was looked for. */
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
    return parent === folder ? 'Nothing is there.' : suggestParent(parent)
  }
}

async function suggestParent(parent: string): Promise<string> {
  return `${parent} doesn't exist either. ${await suggestFolder(parent)}`
}
