import { basename } from 'node:path'
import { finding, type NginxExpectations, type NginxFinding } from './finding.ts'
import type { NginxDirective } from './syntax.ts'

/** A directive and the blocks around it, the nearest last. */
export interface Placed {
  readonly directive: NginxDirective
  readonly around: readonly NginxDirective[]
}

/** nginx's own limit where none is written (ngx_http_core_module). */
const DEFAULT_BODY_BYTES = 1024 * 1024

/** Finds what is wrong with a single directive, or with what stands around it. */
export function checkDirective(placed: Placed, expected: NginxExpectations): readonly NginxFinding[] {
  return [
    ...findRootForAlias(placed, expected),
    ...findAliasSlash(placed),
    ...findMissingInternal(placed, expected),
    ...findBodyLimit(placed, expected),
    ...findShadowedHeaders(placed),
    ...findAutoindex(placed),
  ]
}

/** Blocks of names and values instead of directives. */
const TABLES = new Set(['map', 'types', 'geo', 'split_clients', 'charset_map'])

export function* walk(
  directives: readonly NginxDirective[],
  around: readonly NginxDirective[],
): Iterable<Placed> {
  for (const directive of directives) {
    yield { directive, around }
    if (directive.block !== undefined && !TABLES.has(directive.name))
      yield* walk(directive.block, [...around, directive])
  }
}

/** With `root`, the whole URL path is looked for below the folder: `/static/` in `/srv/static` is `/srv/static/static`. */
function findRootForAlias(
  { directive, around }: Placed,
  { build, media }: NginxExpectations,
): readonly NginxFinding[] {
  const [folder = ''] = directive.args
  const prefix = prefixOf(around.at(-1))
  if (directive.name !== 'root' || prefix === undefined || prefix === '/') return []
  const bare = folder.replace(/\/+$/, '')
  // Checked on another machine, the folder of the build is elsewhere.
  const names = [basename(prefix), basename(build), media && basename(media)]
  if (!names.includes(basename(bare))) return []
  return finding(
    'root-for-alias',
    directive,
    `root looks for ${prefix}a.css in ${bare}${prefix}a.css.`,
    `Write: alias ${bare}/;`,
  )
}

/** Without its slash a location matches `/static../secret`, and alias then opens the parent folder. */
function findAliasSlash({ directive, around }: Placed): readonly NginxFinding[] {
  const [folder = ''] = directive.args
  const prefix = prefixOf(around.at(-1))
  if (directive.name !== 'alias' || prefix === undefined) return []
  // Matched exactly, it serves one file, rightly.
  if (around.at(-1)?.args[0] === '=' || (prefix.endsWith('/') && folder.endsWith('/'))) return []
  const message = prefix.endsWith('/')
    ? `${prefix}a.css would be looked for in ${folder}a.css.`
    : `${prefix}../ opens the folder above ${folder}`
  const withSlash = (path: string) => `${path.replace(/\/+$/, '')}/`
  const remedy = `Write both with a slash: location ${withSlash(prefix)} { alias ${withSlash(folder)}; }`
  return finding('alias-slash', directive, message, remedy)
}

function findMissingInternal(
  { directive }: Placed,
  { internal }: NginxExpectations,
): readonly NginxFinding[] {
  const prefix = prefixOf(directive)
  if (prefix === undefined || directive.block === undefined) return []
  const isMeant =
    internal.some((location) => sameLocation(location, prefix)) || /^\/(?:internal|protected)\b/.test(prefix)
  const isInternal = directive.block.some(({ name }) => name === 'internal')
  if (!isMeant || isInternal) return []
  return finding(
    'missing-internal',
    directive,
    `Everybody may ask for ${prefix}: private files are open.`,
    'Add to this location: internal;',
  )
}

function findBodyLimit(
  { directive, around }: Placed,
  { maxRequestBytes }: NginxExpectations,
): readonly NginxFinding[] {
  if (maxRequestBytes === undefined || directive.name !== 'proxy_pass') return []
  const chain = [...around].reverse()
  if (chain.some(({ block }) => block?.some(({ name }) => name === 'internal'))) return []
  if (chain.some((each) => each.args[0]?.startsWith('@'))) return []
  const written = chain.flatMap(({ block = [] }) =>
    block.filter(({ name }) => name === 'client_max_body_size'),
  )[0]
  const limit = written === undefined ? DEFAULT_BODY_BYTES : parseSize(written.args[0] ?? '')
  if (limit === 0 || limit >= maxRequestBytes) return []
  const megabytes = Math.ceil(maxRequestBytes / 1024 / 1024)
  return finding(
    'body-limit',
    written ?? directive,
    `nginx refuses uploads above ${limit} bytes, the app takes ${maxRequestBytes}.`,
    `Write: client_max_body_size ${megabytes}m;`,
  )
}

/** A level that adds one header inherits none (ngx_http_headers_module). */
function findShadowedHeaders({ directive, around }: Placed): readonly NginxFinding[] {
  const own = headersOf(directive)
  if (own.size === 0) return []
  const outer = [...around].reverse().find((each) => headersOf(each).size > 0)
  const lost = [...(outer === undefined ? [] : headersOf(outer))].filter((name) => !own.has(name))
  if (lost.length === 0) return []
  return finding(
    'shadowed-header',
    directive,
    `The add_header here switches off those of ${outer?.name ?? ''} in line ${outer?.line ?? 0}: ${lost.join(', ')}.`,
    'Repeat them here.',
  )
}

function findAutoindex({ directive }: Placed): readonly NginxFinding[] {
  if (directive.name !== 'autoindex' || directive.args[0] !== 'on') return []
  return finding('autoindex', directive, 'Everybody may list the folder.', 'Remove autoindex on;')
}

/** The prefix of a location; undefined for a regular expression, a named one and every other directive. */
function prefixOf(directive: NginxDirective | undefined): string | undefined {
  if (directive?.name !== 'location') return undefined
  const [first = '', second] = directive.args
  if (first.startsWith('@') || first === '~' || first === '~*') return undefined
  return second ?? first
}

function sameLocation(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '')
}

function headersOf({ block = [] }: NginxDirective): ReadonlySet<string> {
  return new Set(block.filter(({ name }) => name === 'add_header').map(({ args }) => args[0] ?? ''))
}

/** `10m` → bytes; 0 is nginx's "no limit". */
function parseSize(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3 }
  if (match === null) return DEFAULT_BODY_BYTES
  return Number(match[1]) * 1024 ** (powers[(match[2] ?? '').toLowerCase()] ?? 0)
}
