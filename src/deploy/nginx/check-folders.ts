import { execFileSync } from 'node:child_process'
import { realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { NginxCheck } from './check.ts'
import { finding, type NginxFinding } from './finding.ts'
import type { NotChecked } from './include.ts'
import { choosePlace, folderOf, type Place, placesIn, serversOf } from './place.ts'
import type { NginxDirective } from './syntax.ts'

/** A user as the system knows it. */
interface Account {
  readonly name: string
  readonly uid: number
  readonly gids: readonly number[]
}

/**
 * Finds folders that are missing, or that nginx's user can't enter, by their permissions. Access lists (ACL) are not read.
 * Nothing is looked at where the user isn't known: this may be another machine than nginx's.
 *
 * @param directives the checked configuration
 * @param main the directives of nginx.conf: the `user` is there
 * @param compiledUser the user of an nginx without that directive
 */
export function checkFolders(
  directives: readonly NginxDirective[],
  main: readonly NginxDirective[],
  compiledUser: string | undefined,
): NginxCheck {
  const named = folders(directives)
  const user = userOf([...directives, ...main], compiledUser)
  const account = user === undefined ? undefined : identify(user)
  if (account === undefined) return { findings: [], notChecked: notLookedAt(named, user) }
  const [absolute, relative] = [true, false].map((is) =>
    named.filter(({ value }) => isAbsolute(value) === is),
  )
  return {
    findings: (absolute ?? []).flatMap(({ directive, value }) => checkFolder(directive, value, account)),
    notChecked: (relative ?? []).map(({ directive }) => skipped(directive, "relative to nginx's own folder")),
  }
}

interface NamedFolder {
  readonly directive: NginxDirective
  /** The path without its variables and what follows them. */
  readonly value: string
}

/** Every folder that some request leads to, once. */
function folders(directives: readonly NginxDirective[]): readonly NamedFolder[] {
  const used = serversOf(directives).flatMap((server) =>
    [...placesIn(server)].flatMap((place) => (isUsed(place, server) ? (folderOf(place) ?? []) : [])),
  )
  return [...new Set(used)].flatMap((directive) => {
    const [fixed = '', ...variables] = (directive.args[0] ?? '').split('$')
    const value = variables.length === 0 ? fixed : fixed.slice(0, fixed.lastIndexOf('/') + 1)
    return value === '' ? [] : [{ directive, value }]
  })
}

/** The root of a server is for URLs without a location of their own. */
function isUsed(place: Place, server: Place): boolean {
  return place !== server || choosePlace(server, '/') === server
}

function userOf(directives: readonly NginxDirective[], compiledUser: string | undefined): string | undefined {
  const given = directives.find(({ name }) => name === 'user')?.args[0]
  // A file for conf.d doesn't say.
  return given ?? (directives.some(({ name }) => name === 'http') ? compiledUser : undefined)
}

function identify(name: string): Account | undefined {
  const id = (flag: string) =>
    execFileSync('id', [flag, '--', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    return { name, uid: Number(id('-u')), gids: id('-G').trim().split(' ').map(Number) }
  } catch {
    return undefined
  }
}

function notLookedAt(named: readonly NamedFolder[], user: string | undefined): readonly NotChecked[] {
  const why =
    user === undefined
      ? 'whether nginx can read it: no nginx.conf is here that names its user'
      : `whether nginx can read it: this machine has no user ${user}`
  return named.map(({ directive }) => skipped(directive, why))
}

function skipped({ name, args, file, line }: NginxDirective, why: string): NotChecked {
  return { file, line, what: `${[name, ...args].join(' ')} (${why})` }
}

function checkFolder(directive: NginxDirective, path: string, account: Account): readonly NginxFinding[] {
  const shut = shutFor(path, account)
  if (shut === undefined) return []
  if (shut.kind === 'missing') {
    const message = `${path} isn't there: requests for its files get 404.`
    return finding('missing-folder', directive, message, 'Correct the path, or make the folder.')
  }
  const message = `nginx's user ${account.name} can't read ${path}: it may not enter ${shut.path}.`
  const remedy = `Let it in, or move the files elsewhere: chmod o+x ${shut.path}`
  return finding('unreadable-folder', directive, message, remedy)
}

type Shut = { readonly kind: 'missing' } | { readonly kind: 'closed'; readonly path: string }

/** What keeps a user from opening files in a folder: one of the folders on the way, or behind links. */
function shutFor(path: string, account: Account): Shut | undefined {
  try {
    const way = [...new Set([...wayTo(path), ...wayTo(realpathSync(path))])]
    const closed = way.find((each) => !mayEnter(statSync(each), account))
    return closed === undefined ? undefined : { kind: 'closed', path: closed }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // What this process can't see either is for nginx to say.
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : undefined
  }
}

/** A path and the folders above it, from the root on. */
function wayTo(path: string): readonly string[] {
  const above = dirname(path)
  return above === path ? [path] : [...wayTo(above), path]
}

/** By the class of the user alone, as POSIX has it: an owner without permission isn't asked for the others'. */
function mayEnter(stat: Stats, { uid, gids }: Account): boolean {
  if (uid === 0) return true
  const shift = stat.uid === uid ? 6 : gids.includes(stat.gid) ? 3 : 0
  // A file has to be read, a folder to be entered.
  const wanted = stat.isDirectory() ? 1 : 4
  return ((stat.mode >> shift) & wanted) !== 0
}
