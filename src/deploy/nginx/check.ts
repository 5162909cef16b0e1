import { type NginxDirective, parseNginxConfig } from './syntax.ts'

/** What the check knows of the site besides the file. */
export interface NginxExpectations {
  /** Folders that are served: the build's and the media's. */
  readonly roots: readonly string[]
  /** Locations that only the app may lead to. */
  readonly internal: readonly string[]
  /** Bytes of the largest request with uploads; undefined where there are none. */
  readonly maxRequestBytes: number | undefined
}

/** One mistake. */
export interface NginxFinding {
  readonly code: FindingCode
  /** 1-based. */
  readonly line: number
  readonly message: string
  readonly remedy: string
}

export type FindingCode =
  | 'root-for-alias'
  | 'alias-slash'
  | 'missing-internal'
  | 'body-limit'
  | 'shadowed-header'
  | 'autoindex'

/** A directive and the blocks around it, the nearest last. */
interface Placed {
  readonly directive: NginxDirective
  readonly around: readonly NginxDirective[]
}

/** nginx's own limit where none is written (ngx_http_core_module). */
const DEFAULT_BODY_BYTES = 1024 * 1024

/**
 * Finds the classic mistakes in an nginx configuration, in the order of its lines.
 *
 * @throws FingerpostError `FP_CONFIG` for a file that doesn't parse
 */
export function checkNginxConfig(text: string, expected: NginxExpectations): readonly NginxFinding[] {
  const placed = [...walk(parseNginxConfig(text), [])]
  const findings = placed.flatMap((each) => [
    ...findRootForAlias(each, expected),
    ...findAliasSlash(each),
    ...findMissingInternal(each, expected),
    ...findBodyLimit(each, expected),
    ...findShadowedHeaders(each),
    ...findAutoindex(each),
  ])
  return findings.sort((a, b) => a.line - b.line)
}

function* walk(directives: readonly NginxDirective[], around: readonly NginxDirective[]): Iterable<Placed> {
  for (const directive of directives) {
    yield { directive, around }
    if (directive.block !== undefined) yield* walk(directive.block, [...around, directive])
  }
}

/** With `root`, the whole URL path is looked for below the folder: `/static/` in `/srv/static` is `/srv/static/static`. */
function findRootForAlias(
  { directive, around }: Placed,
  { roots }: NginxExpectations,
): readonly NginxFinding[] {
  const [folder = ''] = directive.args
  const prefix = prefixOf(around.at(-1))
  if (directive.name !== 'root' || prefix === undefined || prefix === '/') return []
  const bare = folder.replace(/\/+$/, '')
  const lastSegment = prefix.split('/').filter(Boolean).at(-1) ?? ''
  if (!roots.includes(bare) && !bare.endsWith(`/${lastSegment}`)) return []
  return [
    {
      code: 'root-for-alias',
      line: directive.line,
      message: `root looks for ${prefix}a.css in ${bare}${prefix}a.css.`,
      remedy: `Write: alias ${bare}/;`,
    },
  ]
}

/** Without its slash a location matches `/static../secret`, and alias then opens the parent folder. */
function findAliasSlash({ directive, around }: Placed): readonly NginxFinding[] {
  const [folder = ''] = directive.args
  const prefix = prefixOf(around.at(-1))
  if (directive.name !== 'alias' || prefix === undefined) return []
  const hasSlashes = [prefix.endsWith('/'), folder.endsWith('/')]
  if (hasSlashes[0] === hasSlashes[1] && hasSlashes[0] === true) return []
  const message = hasSlashes[0]
    ? `${prefix}a.css would be looked for in ${folder}a.css.`
    : `${prefix}../ opens the folder above ${folder}`
  const withSlash = (path: string) => `${path.replace(/\/+$/, '')}/`
  const remedy = `Write both with a slash: location ${withSlash(prefix)} { alias ${withSlash(folder)}; }`
  // A location without both slashes that is matched exactly serves one file, rightly.
  if (around.at(-1)?.args[0] === '=') return []
  return [{ code: 'alias-slash', line: directive.line, message, remedy }]
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
  return [
    {
      code: 'missing-internal',
      line: directive.line,
      message: `Everybody may ask for ${prefix}: private files are open.`,
      remedy: 'Add to this location: internal;',
    },
  ]
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
  return [
    {
      code: 'body-limit',
      line: written?.line ?? directive.line,
      message: `nginx refuses uploads above ${limit} bytes, the app takes ${maxRequestBytes}.`,
      remedy: `Write: client_max_body_size ${megabytes}m;`,
    },
  ]
}

/** A level that adds one header inherits none (ngx_http_headers_module). */
function findShadowedHeaders({ directive, around }: Placed): readonly NginxFinding[] {
  const own = headersOf(directive)
  if (own.size === 0) return []
  const outer = [...around].reverse().find((each) => headersOf(each).size > 0)
  const lost = [...(outer === undefined ? [] : headersOf(outer))].filter((name) => !own.has(name))
  if (lost.length === 0) return []
  return [
    {
      code: 'shadowed-header',
      line: directive.line,
      message: `The add_header here switches off those of ${outer?.name ?? ''} in line ${outer?.line ?? 0}: ${lost.join(', ')}.`,
      remedy: 'Repeat them here.',
    },
  ]
}

function findAutoindex({ directive }: Placed): readonly NginxFinding[] {
  if (directive.name !== 'autoindex' || directive.args[0] !== 'on') return []
  return [
    {
      code: 'autoindex',
      line: directive.line,
      message: 'Everybody may list the folder.',
      remedy: 'Remove autoindex on;',
    },
  ]
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
