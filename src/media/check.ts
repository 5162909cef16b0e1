import { existsSync } from 'node:fs'
import { access, constants, mkdir, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import type { PublicUrl } from '../core/public-url.ts'

/** What to compare when the app starts. */
export interface LocationCheck {
  readonly media: Location
  /** Undefined where there are no static files. */
  readonly static: Location | undefined
  readonly production: boolean
  /** True for a storage that a restart empties. */
  readonly isVolatile: boolean
  /** Tells what may be a mistake. */
  readonly warn: (message: string) => void
  /** The folder the process runs in. */
  readonly cwd: string
}

/** The URL of something, and the folder of its files. */
export interface Location {
  readonly url: PublicUrl
  /** Absolute; undefined for what isn't in a folder. */
  readonly root: string | undefined
}

/**
 * Refuses a set-up in which visitors' files could pass for the application's own, or vanish.
 *
 * @throws FingerpostError `FP_CONFIG` with every reason found
 */
export async function checkLocations(check: LocationCheck): Promise<void> {
  const faults = [...urlFaults(check), ...rootFaults(check), ...(await writeFaults(check))]
  if (faults.length === 0) return
  throw new FingerpostError('FP_CONFIG', `Media can't be set up like this:\n  ${faults.join('\n  ')}`, {
    details: { faults },
  })
}

/** A media URL without a slash at its end: `/mediax.png` would pass for a file of `/media`. */
export function checkSlash(url: string): void {
  if (url.endsWith('/')) return
  throw new FingerpostError('FP_CONFIG', `The media url ${JSON.stringify(url)} has no slash at its end.`, {
    remedy: `Write ${JSON.stringify(`${url}/`)}.`,
  })
}

function urlFaults({ media, static: statics }: LocationCheck): readonly string[] {
  const { pathname, origin } = media.url
  if (pathname === '/')
    return ['The media url is the whole site: every page would be looked for among uploads.']
  if (statics?.url.origin !== origin) return []
  return overlapFaults('url', pathname, statics.url.pathname, (outer, inner) => inner.startsWith(outer))
}

function rootFaults({ media: { root }, static: statics, production, isVolatile, cwd }: LocationCheck) {
  if (isVolatile && production) return ['The media are kept in memory: a restart loses them.']
  if (root === undefined) return []
  const faults = statics?.root === undefined ? [] : overlapFaults('folder', root, statics.root, contains)
  if (contains(root, cwd))
    faults.push(`The media folder ${root} holds the application itself: its code would be served.`)
  if (production && contains(resolve(tmpdir()), root))
    faults.push(
      `The media folder ${root} is temporary: a restart may empty it. Choose another one, /srv/media say; for a trial: production: false.`,
    )
  return faults
}

function overlapFaults(
  what: 'url' | 'folder',
  media: string,
  statics: string,
  isAround: (outer: string, inner: string) => boolean,
): string[] {
  if (media === statics) return [`Media and static files have the same ${what} ${media}.`]
  if (isAround(statics, media)) return [`The media ${what} ${media} is inside the static ${what} ${statics}.`]
  return isAround(media, statics)
    ? [`The static ${what} ${statics} is inside the media ${what} ${media}.`]
    : []
}

async function writeFaults({ media: { root }, production, warn }: LocationCheck): Promise<readonly string[]> {
  if (root === undefined) return []
  try {
    if (!existsSync(root)) {
      const isLikelyMistake = production || !existsSync(dirname(root))
      if (isLikelyMistake) return [`${await missing(root)} Correct the option root, or: mkdir -p ${root}`]
      await mkdir(root)
      warn(`${await missing(root)} It was made, which is right at the first start only.`)
    }
    if (!(await stat(root)).isDirectory())
      return [`The media folder ${root} can't be written to: it is a file. Correct the option root.`]
    await access(root, constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [`The media folder ${root} can't be written to: ${reason}. Give this user write permission.`]
  }
}

/** Says that a folder is missing, and which others have nearly its name. */
async function missing(root: string): Promise<string> {
  const parent = dirname(root)
  const others = await readdir(parent).catch(() => [])
  const alike = nearestNames(basename(root), others).filter((name) => name !== basename(root))
  const nearest = alike.map((name) => ` There is ${join(parent, name)}.`).join('')
  return `The media folder ${root} does not exist.${nearest}`
}

function contains(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}
