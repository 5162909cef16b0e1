import type { Digest, Digester } from '../../core/digest.ts'
import { formatHashedPath, type HashedPath } from '../../core/hashed-path.ts'
import type { LogicalPath } from '../../core/path.ts'
import { encodeText } from '../../core/reference/text.ts'
import { insertionFor } from '../link/link.ts'
import { type Fingerprint, fingerprintOf } from '../read/fingerprint.ts'
import { type Component, componentsInOrder } from './graph.ts'
import { type Draft, type Drafts, finishDraft } from './rewrite.ts'

/** A file with its name. */
export interface Name {
  /** The digest in the name: that of the bytes, the circle's for a member of one, '' for a name that is kept. */
  readonly digest: Digest
  readonly file: HashedPath
  /** Of the final bytes. */
  readonly fingerprint: Fingerprint
}

/** A component's digests and fingerprints, as they are remembered. */
export type FinishedMember = Fingerprint & { readonly nameDigest: Digest }

/** What naming needs to know and can't work out itself. */
export interface NamingContext {
  readonly digester: Digester
  /** Of the source bytes of every file. */
  readonly fingerprints: ReadonlyMap<LogicalPath, Fingerprint>
  readonly drafts: Drafts
  /** Files that keep their names. */
  readonly prehashed: ReadonlySet<LogicalPath>
  /** What an earlier build worked out for a component with the same key. */
  readonly remembered: {
    find(key: Digest): readonly FinishedMember[] | undefined
    keep(key: Digest, members: readonly FinishedMember[]): void
  }
  /** Told of the bytes of every file that was rewritten to be named: they need not be made again. */
  readonly onFinished?: (path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer) => void
}

/** Raise with every change to the digest law or to how bytes are finished: remembered names depend on it. */
const NAMING_VERSION = 1

/**
 * Gives every file its name by the digest law: a name covers every byte that leaves under it. What a file names is
 * named before it; members of a circle share their circle's digest.
 */
export function nameFiles(context: NamingContext): ReadonlyMap<LogicalPath, Name> {
  const { fingerprints, drafts, prehashed } = context
  const names = new Map<LogicalPath, Name>()
  const rewritten: LogicalPath[] = []
  for (const [path, fingerprint] of fingerprints) {
    if (drafts.has(path)) rewritten.push(path)
    else names.set(path, nameOf(path, prehashed.has(path) ? '' : fingerprint.digest, fingerprint))
  }
  const edges = new Map(rewritten.map((path) => [path, drafts.linksOf(path).map((link) => link.target)]))
  for (const component of componentsInOrder(rewritten, edges)) {
    const members = nameComponent(component, names, context)
    component.forEach((path, index) => {
      const member = members[index]
      if (member === undefined) throw new RangeError(`no name for ${path}`)
      names.set(path, nameOf(path, member.nameDigest, member))
    })
  }
  return names
}

function nameOf(path: LogicalPath, digest: Digest, fingerprint: Fingerprint): Name {
  return { digest, file: digest === '' ? path : formatHashedPath({ path, digest }), fingerprint }
}

/** The name of a file that has one. */
export function nameIn(names: Names, path: LogicalPath): Name {
  return lookUp(names, path)
}

type Names = ReadonlyMap<LogicalPath, Name>

function nameComponent(
  component: Component,
  names: Names,
  context: NamingContext,
): readonly FinishedMember[] {
  const { drafts, remembered } = context
  const [only = ''] = component
  const key = keyOf(component, names, context)
  const known = remembered.find(key)
  if (known?.length === component.length) return known
  const finished = isCircle(component, drafts)
    ? finishCircle(component, names, context)
    : [finishOne(only, names, context)]
  remembered.keep(key, finished)
  return finished
}

function isCircle(component: Component, drafts: Drafts): boolean {
  const [only = ''] = component
  return component.length > 1 || drafts.linksOf(only).some((link) => link.target === only)
}

/** Everything the final bytes and names of a component depend on. */
function keyOf(component: Component, names: Names, context: NamingContext): Digest {
  const { digester, drafts, fingerprints } = context
  const fields = [`naming ${NAMING_VERSION}`]
  for (const path of component) {
    const own = drafts.linksOf(path)
    const dependency = drafts.dependencyOf(path)
    if (dependency !== undefined) fields.push('of', ...shapeOf(dependency, context))
    if (drafts.stripIn(path) !== undefined) fields.push('strip')
    fields.push(path, lookUp(fingerprints, path).integrity, String(own.length))
    for (const { at, target, addition } of own) {
      fields.push(String(at), addition, target, names.get(target)?.digest ?? '')
    }
  }
  return digester.ofFields(fields)
}

/** What decides where the columns of a file move: its source, and the lengths of what is put in. */
function shapeOf(path: LogicalPath, { drafts, fingerprints, prehashed }: NamingContext): readonly string[] {
  const links = drafts.linksOf(path)
  const moves = links.map(({ at, addition, target }) => `${at} ${addition} ${prehashed.has(target)}`)
  return [path, lookUp(fingerprints, path).integrity, String(links.length), ...moves]
}

function finishOne(path: LogicalPath, names: Names, context: NamingContext): FinishedMember {
  const bytes = finishDraft(context.drafts.read(path), (target) => lookUp(names, target).digest)
  const fingerprint = fingerprintOf(bytes, context.digester)
  context.onFinished?.(path, fingerprint, bytes)
  return memberOf(fingerprint, fingerprint.digest)
}

function memberOf({ digest, integrity, size }: Fingerprint, nameDigest: Digest): FinishedMember {
  return { digest, integrity, size, nameDigest }
}

/** The digest law for circles: own digests first, then the component's, then each member's from both. */
function finishCircle(component: Component, names: Names, context: NamingContext): readonly FinishedMember[] {
  const { digester, drafts } = context
  const own: Digest[] = []
  for (const path of component) own.push(ownDigest(drafts.read(path), names, digester))
  const whole = digester.ofFields(own)
  const inside = new Map(component.map((path) => [path, digester.ofFields([whole, path])]))
  const digestOf = (target: LogicalPath) => inside.get(target) ?? lookUp(names, target).digest
  const members: FinishedMember[] = []
  for (const path of component) {
    // Read again rather than held: a circle may be as large as the site.
    const bytes = finishDraft(drafts.read(path), digestOf)
    const fingerprint = fingerprintOf(bytes, digester)
    context.onFinished?.(path, fingerprint, bytes)
    members.push(memberOf(fingerprint, digestOf(path)))
  }
  return members
}

/**
 * A member's own digest: its bytes with outside references final, and at each inside one the logical path it leads to.
 * Every byte of the author's is in it, so that `./a.js` and `../x/a.js` differ.
 */
function ownDigest({ text, links }: Draft, names: Names, digester: Digester): Digest {
  const fields: (string | Uint8Array)[] = []
  let done = 0
  for (const link of links) {
    fields.push(encodeText({ text: text.text.slice(done, link.at), charset: text.charset }))
    const outside = names.get(link.target)
    fields.push(
      outside === undefined
        ? `inside ${link.target} ${link.addition}`
        : insertionFor(link, outside.digest).text,
    )
    done = link.at
  }
  fields.push(encodeText({ text: text.text.slice(done), charset: text.charset }))
  return digester.ofFields(fields)
}

function lookUp<T>(map: ReadonlyMap<LogicalPath, T>, path: LogicalPath): T {
  const found = map.get(path)
  if (found === undefined) throw new RangeError(`${path} has no entry`)
  return found
}
