import { DICTIONARIES_FILE } from '../../core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import { finding, type NginxExpectations, type NginxFinding } from './finding.ts'
import { choosePlace, fileFor, folderOf, type Place, placesIn, serversOf, settingsOf } from './place.ts'
import type { NginxDirective } from './syntax.ts'

/** What is known of all places together. */
interface Site extends NginxExpectations {
  /** Folders that only the app may lead to. */
  readonly privateFolders: readonly string[]
}

type Find = (place: Place, server: Place, site: Site) => readonly NginxFinding[]

const FINDERS: readonly Find[] = [
  findOpenPrivate,
  findOpenManifest,
  findOpenProject,
  findMissingNosniff,
  findLinksOut,
  findLongCache,
  findHiddenHeaders,
]

/** Names that a regular expression may tell apart. None has a digest. */
const NAMES = ['png', 'css', 'js', 'svg', 'html', 'txt', 'pdf', 'jpg', 'woff2', 'zip', 'mp4'].map(
  (extension) => `a.${extension}`,
)

/** Headers by which the app keeps files from doing harm, or from being kept too long. */
const SAFETY_HEADERS = [
  ...['cache-control', 'content-disposition', 'content-security-policy', 'content-type'],
  ...['cross-origin-resource-policy', 'x-content-type-options'],
]

/** Finds what is wrong with the places that answer: which files they open, and with which headers. */
export function checkPlaces(
  directives: readonly NginxDirective[],
  expected: NginxExpectations,
): readonly NginxFinding[] {
  const servers = serversOf(directives)
  const all = servers.flatMap((server) => [...placesIn(server)])
  const hidden = all.flatMap((place) => (isInternal(place) ? (folderOf(place)?.args ?? []) : []))
  const site = {
    ...expected,
    privateFolders: [...new Set([...hidden, ...expected.privateFolders].map(bare))],
  }
  return servers.flatMap((server) =>
    [...placesIn(server)].flatMap((place) =>
      isOpen(place) ? FINDERS.flatMap((find) => find(place, server, site)) : [],
    ),
  )
}

function isInternal(place: Place): boolean {
  return settingsOf(place, 'internal').length > 0
}

function isOpen(place: Place): boolean {
  const asks = settingsOf(place, 'auth_basic', 'auth_request', 'deny')
  return (
    !isInternal(place) &&
    asks.every(({ name, args }) => args[0] === 'off' || (name === 'deny' && args[0] !== 'all'))
  )
}

/** A URL by which a place sends a file of a folder; undefined if nginx chooses another place for each. */
function findUrl(place: Place, server: Place, folder: string, names: readonly string[]): string | undefined {
  const { args: [value = ''] = [], line = 0 } = folderOf(place) ?? {}
  if (line === 0) return undefined
  const below = [prefixOf(place), prefixOf(place) + (inside(bare(value), folder) ?? '')]
  const urls = below.flatMap((start) => names.map((name) => `${start.replace(/\/?$/, '/')}${name}`))
  const fromRoot = names.map((name) => `/${inside(bare(value), folder) ?? ''}/${name}`.replace('//', '/'))
  const own = place.matcher.kind === 'exact' ? [place.matcher.path] : []
  return [...own, ...urls, ...fromRoot].find(
    (url) => choosePlace(server, url) === place && inside(folder, fileFor(place, url) ?? '') !== undefined,
  )
}

/** How URLs for a place begin. */
function prefixOf({ matcher, around, directive }: Place): string {
  if ('path' in matcher) return matcher.path
  const literal = /^\^((?:[\w/-]|\\[./-])+)/.exec(directive.args.at(-1) ?? '')?.[1]
  if (matcher.kind === 'regexp' && literal !== undefined) return literal.replaceAll('\\', '')
  const outer = directive.name === 'location' ? around[0] : undefined
  return outer?.name === 'location' ? (outer.args.at(-1) ?? '/') : '/'
}

/** The way from a folder to a path in it, with a slash at its end unless it is the folder; undefined for another path. */
function inside(folder: string, path: string): string | undefined {
  if (bare(path) === folder) return ''
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
}

function bare(folder: string): string {
  return folder.replace(/\/+$/, '')
}

function findOpenPrivate(place: Place, server: Place, { privateFolders }: Site): readonly NginxFinding[] {
  return privateFolders.flatMap((folder) => {
    const url = findUrl(place, server, folder, NAMES) ?? captureInto(place, folder)
    if (url === undefined) return []
    const message = `${url} opens ${folder}, to which only the app may lead.`
    return finding('open-private', place.directive, message, 'Add to this location: internal;')
  })
}

/** `location ~ ^/(.*)$ { alias /srv/media/$1; }`: no URL is known, but each leads into the folder. */
function captureInto(place: Place, folder: string): string | undefined {
  const { name, args: [value = ''] = [] } = folderOf(place) ?? {}
  const fixed = value.slice(0, value.indexOf('$'))
  if (name !== 'alias' || place.matcher.kind !== 'regexp' || inside(folder, fixed) === undefined)
    return undefined
  return `A URL for ${place.directive.args.at(-1)}`
}

function findOpenManifest(place: Place, server: Place, { build }: Site): readonly NginxFinding[] {
  const open = [MANIFEST_FILE, HISTORY_FILE, DICTIONARIES_FILE].flatMap((name) => {
    const url = findUrl(place, server, build, [name])
    return url !== undefined && fileFor(place, url) === `${build}/${name}` ? [url] : []
  })
  if (open.length === 0) return []
  const message = `Files of the build are listed in ${open.join(', ')}.`
  const remedy = `Add: ${open.map((url) => `location = ${url} { return 404; }`).join(' ')}`
  return finding('open-manifest', place.directive, message, remedy)
}

function findOpenProject(place: Place, _server: Place, { build, isProject }: Site): readonly NginxFinding[] {
  const folder = folderOf(place)
  const [value = ''] = folder?.args ?? []
  if (folder === undefined || !isProject(bare(value))) return []
  const message = `${value} is a project: its code and its secrets are open.`
  return finding('open-project', folder, message, `Name the folder of the build: alias ${build}/;`)
}

/** The folder of the build or of the media that a place sends files of. */
function servedBy(place: Place, server: Place, { build, media }: Site): string | undefined {
  return [build, media].find(
    (folder) => folder !== undefined && findUrl(place, server, folder, NAMES) !== undefined,
  )
}

function findMissingNosniff(place: Place, server: Place, site: Site): readonly NginxFinding[] {
  const folder = servedBy(place, server, site)
  const has = settingsOf(place, 'add_header').some(({ args: [name = '', value = ''] }) => {
    return name.toLowerCase() === 'x-content-type-options' && value.toLowerCase() === 'nosniff'
  })
  if (folder === undefined || has) return []
  const message = `Browsers may take files of ${folder} for another type, and run them.`
  const remedy = 'Add to this location: add_header X-Content-Type-Options nosniff always;'
  return finding('missing-nosniff', place.directive, message, remedy)
}

function findLinksOut(place: Place, server: Place, { media }: Site): readonly NginxFinding[] {
  if (media === undefined || findUrl(place, server, media, NAMES) === undefined) return []
  const [links] = settingsOf(place, 'disable_symlinks')
  if (links !== undefined && links.args[0] !== 'off') return []
  const remedy = `Add to this location: disable_symlinks on from=${media}/;`
  return finding('links-out', place.directive, `A link in ${media} opens any file it leads to.`, remedy)
}

/** Only a name with a digest may be kept: the bytes of every other name change with a deploy. */
function findLongCache(place: Place, server: Place, site: Site): readonly NginxFinding[] {
  const isProxy = place.directive.block?.some(({ name }) => name === 'proxy_pass') === true
  const isChosen = NAMES.some(
    (name) => choosePlace(server, `${prefixOf(place).replace(/\/?$/, '/')}${name}`) === place,
  )
  if (isProxy ? !isChosen : servedBy(place, server, site) === undefined) return []
  const long = [...settingsOf(place, 'expires'), ...settingsOf(place, 'add_header')].find(isLong)
  if (long === undefined) return []
  const message = `${[long.name, ...long.args].join(' ')} holds for names without a digest, too: no deploy would replace them.`
  return finding(
    'long-cache',
    long,
    message,
    'Let a map of $uri tell hashed names, as fingerpost nginx prints it.',
  )
}

function isLong({ name, args }: NginxDirective): boolean {
  if (name === 'expires') return !/^(?:off$|epoch$|0$|-)|\$/.test(args.at(-1) ?? '')
  return args[0]?.toLowerCase() === 'cache-control' && /immutable|max-age=0*[1-9]/.test(args[1] ?? '')
}

function findHiddenHeaders(place: Place): readonly NginxFinding[] {
  if (place.directive.block?.some(({ name }) => name === 'proxy_pass') !== true) return []
  const hidden = settingsOf(place, 'proxy_hide_header')
  const lost = hidden.filter(({ args }) => SAFETY_HEADERS.includes(args[0]?.toLowerCase() ?? ''))
  const [first] = lost
  if (first === undefined) return []
  const names = lost.map(({ args }) => args[0]).join(', ')
  return finding(
    'hidden-header',
    first,
    `The app's ${names} never arrives.`,
    'Remove this proxy_hide_header.',
  )
}
