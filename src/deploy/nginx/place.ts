import type { NginxDirective } from './syntax.ts'

/** A block that answers requests: a location, or a server for what no location matches. */
export interface Place {
  readonly directive: NginxDirective
  /** The blocks around it, the nearest first. */
  readonly around: readonly NginxDirective[]
  readonly matcher: Matcher
  /** The locations in it. */
  readonly places: readonly Place[]
}

/** Which URLs a place is for. */
export type Matcher =
  | { readonly kind: 'server' }
  | { readonly kind: 'exact'; readonly path: string }
  /** `isLast`: no regular expression is tried after it (`^~`). */
  | { readonly kind: 'prefix'; readonly path: string; readonly isLast: boolean }
  /** Undefined for an expression that only PCRE reads. */
  | { readonly kind: 'regexp'; readonly regexp: RegExp | undefined }
  /** Only other locations lead to it. */
  | { readonly kind: 'named' }

/** The servers of a configuration. A file without any, such as a snippet of locations, is a server. */
export function serversOf(directives: readonly NginxDirective[]): readonly Place[] {
  const whole: NginxDirective = { name: 'server', args: [], file: '', line: 1, block: directives }
  const servers = [...findServers(whole, [])]
  return servers.length > 0 ? servers : [placeOf(whole, [])]
}

function* findServers(block: NginxDirective, around: readonly NginxDirective[]): Iterable<Place> {
  for (const directive of block.block ?? []) {
    if (directive.name === 'server' && directive.block !== undefined)
      yield placeOf(directive, [block, ...around])
    else if (directive.name === 'http') yield* findServers(directive, [block, ...around])
  }
}

function placeOf(directive: NginxDirective, around: readonly NginxDirective[]): Place {
  const inner = (directive.block ?? []).filter(({ name }) => name === 'location')
  const places = inner.map((location) => placeOf(location, [directive, ...around]))
  return { directive, around, matcher: matcherOf(directive), places }
}

function matcherOf({ name, args }: NginxDirective): Matcher {
  const [first = '', path = first] = args
  if (name !== 'location') return { kind: 'server' }
  if (first.startsWith('@')) return { kind: 'named' }
  if (first === '=') return { kind: 'exact', path }
  if (first.startsWith('~')) return { kind: 'regexp', regexp: compile(path, first === '~*') }
  return { kind: 'prefix', path, isLast: first === '^~' }
}

function compile(source: string, ignoresCase: boolean): RegExp | undefined {
  try {
    return new RegExp(source, ignoresCase ? 'i' : '')
  } catch {
    return undefined
  }
}

/** A place and those in it. */
export function* placesIn(place: Place): Iterable<Place> {
  yield place
  for (const inner of place.places) yield* placesIn(inner)
}

/** The place that nginx chooses for a URL (ngx_http_core_module, "location"). */
export function choosePlace(server: Place, url: string): Place {
  return chooseIn(server, url)?.place ?? server
}

interface Choice {
  readonly place: Place
  /** No expression of an outer level is tried any more. */
  readonly isFinal: boolean
}

function chooseIn({ places }: Place, url: string): Choice | undefined {
  let longest: { readonly place: Place; readonly path: string; readonly isLast: boolean } | undefined
  for (const place of places) {
    const { matcher } = place
    if (matcher.kind === 'exact' && matcher.path === url) return { place, isFinal: true }
    if (matcher.kind !== 'prefix' || !url.startsWith(matcher.path)) continue
    if (matcher.path.length >= (longest?.path.length ?? 0)) longest = { place, ...matcher }
  }
  const inner = longest && chooseIn(longest.place, url)
  if (inner?.isFinal) return inner
  const matched = longest?.isLast ? undefined : places.find((place) => matches(place, url))
  if (matched !== undefined) return { place: chooseIn(matched, url)?.place ?? matched, isFinal: true }
  return inner ?? (longest && { place: longest.place, isFinal: false })
}

function matches({ matcher }: Place, url: string): boolean {
  return matcher.kind === 'regexp' && matcher.regexp?.test(url) === true
}

/** What a directive is set to in a place: all of this name in the nearest block that has one. */
export function settingsOf(place: Place, ...names: readonly string[]): readonly NginxDirective[] {
  for (const { block = [] } of [place.directive, ...place.around]) {
    const found = block.filter(({ name }) => names.includes(name))
    if (found.length > 0) return found
  }
  return []
}

/** The folder of a place, and the `root` or `alias` that names it; undefined if another server answers. */
export function folderOf(place: Place): NginxDirective | undefined {
  const isAnswered = (place.directive.block ?? []).some(({ name }) => /^return$|_pass$/.test(name))
  return isAnswered ? undefined : settingsOf(place, 'root', 'alias').at(-1)
}

/** The file that a place sends for a URL. */
export function fileFor(place: Place, url: string): string | undefined {
  const folder = folderOf(place)
  if (folder === undefined) return undefined
  const [value = ''] = folder.args
  if (folder.name === 'root') return value.replace(/\/$/, '') + url
  const owner = [place.directive, ...place.around].find(({ block }) => block?.includes(folder))
  const matcher = owner && matcherOf(owner)
  if (matcher?.kind === 'regexp') return expand(value, matcher.regexp?.exec(url) ?? undefined)
  return matcher !== undefined && 'path' in matcher ? value + url.slice(matcher.path.length) : undefined
}

function expand(value: string, match: RegExpExecArray | undefined): string | undefined {
  return (
    match &&
    value.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, braced: string, bare: string) => {
      const name = braced ?? bare
      return match[Number(name)] ?? match.groups?.[name] ?? ''
    })
  )
}
