import { type Digest, type Digester, type Fingerprint, fingerprintOf } from '../../core/digest.ts'
import { formatHashedPath, type HashedPath } from '../../core/hashed-path.ts'
import type { LogicalPath } from '../../core/path.ts'
import { encodeText, type Replacement } from '../../core/reference/text.ts'
import { integrityFor, type Link, type LinkTarget, replacementsFor } from '../link/replacement.ts'
import { type Component, componentsInOrder } from './graph.ts'
import type { Rewrite, Rewrites } from './rewrite.ts'

/** A file with its name. */
export interface Name {
  /** The digest in the name: of the bytes, or of the cycle for a member of one; '' for a name that is kept. */
  readonly digest: Digest
  readonly file: HashedPath
  /** Of the final bytes. */
  readonly fingerprint: Fingerprint
}

/** The result for a member of a component, as it is cached. */
export type FinishedMember = Fingerprint & { readonly nameDigest: Digest }

/** The input of {@link nameFiles}. */
export interface NamingContext {
  readonly digester: Digester
  /** Of the source bytes of every file. */
  readonly fingerprints: ReadonlyMap<LogicalPath, Fingerprint>
  readonly rewrites: Rewrites
  /** Files that keep their names. */
  readonly prehashed: ReadonlySet<LogicalPath>
  /** Results of earlier builds, by component key. */
  readonly remembered: {
    find(key: Digest): readonly FinishedMember[] | undefined
    keep(key: Digest, members: readonly FinishedMember[]): void
  }
  /** Gets the bytes of every file that was rewritten, so that they need not be made again. */
  readonly onFinished?: (path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer) => void
}

/** Part of cache keys: raise it with every change to the digest law or to how bytes are rewritten. */
const NAMING_VERSION = 4

/**
 * Names every file by the digest law: a name covers every byte that is published under it. Targets are named before
 * the files that refer to them; members of a cycle share the digest of their cycle.
 *
 * @returns in the order of the fingerprints
 */
export function nameFiles(context: NamingContext): ReadonlyMap<LogicalPath, Name> {
  const { fingerprints, rewrites, prehashed } = context
  const names = new Map<LogicalPath, Name>()
  const rewritten: LogicalPath[] = []
  for (const [path, fingerprint] of fingerprints) {
    if (rewrites.has(path)) rewritten.push(path)
    else names.set(path, nameOf(path, prehashed.has(path) ? '' : fingerprint.digest, fingerprint))
  }
  const edges = new Map(rewritten.map((path) => [path, rewrites.linksOf(path).map((link) => link.target)]))
  for (const component of componentsInOrder(rewritten, edges)) {
    const members = nameComponent(component, names, context)
    component.forEach((path, index) => {
      const member = members[index]
      if (member === undefined) throw new RangeError(`no name for ${path}`)
      names.set(path, nameOf(path, member.nameDigest, member))
    })
  }
  return new Map(Array.from(fingerprints.keys(), (path) => [path, nameIn(names, path)]))
}

function nameOf(path: LogicalPath, digest: Digest, fingerprint: Fingerprint): Name {
  return { digest, file: digest === '' ? path : formatHashedPath({ path, digest }), fingerprint }
}

type Names = ReadonlyMap<LogicalPath, Name>

/** What a link to a file needs to know. */
export function targetIn(names: Names, path: LogicalPath): LinkTarget {
  const { digest, fingerprint } = lookUp(names, path)
  return { digest, integrity: fingerprint.integrity }
}

/** @throws RangeError for a file without a name */
export function nameIn(names: Names, path: LogicalPath): Name {
  return lookUp(names, path)
}

function nameComponent(
  component: Component,
  names: Names,
  context: NamingContext,
): readonly FinishedMember[] {
  const { rewrites, remembered } = context
  const [only = ''] = component
  const key = keyOf(component, names, context)
  const known = remembered.find(key)
  if (known?.length === component.length) return known
  const finished = isCycle(component, rewrites)
    ? finishCycle(component, names, context)
    : [finishOne(only, names, context)]
  remembered.keep(key, finished)
  return finished
}

function isCycle(component: Component, rewrites: Rewrites): boolean {
  const [only = ''] = component
  return component.length > 1 || rewrites.linksOf(only).some((link) => link.target === only)
}

/** Covers everything that the final bytes and names of a component depend on. */
function keyOf(component: Component, names: Names, context: NamingContext): Digest {
  const { digester, rewrites, fingerprints } = context
  const fields = [`naming ${NAMING_VERSION}`]
  for (const path of component) {
    const own = rewrites.linksOf(path)
    const dependency = rewrites.dependencyOf(path)
    if (dependency !== undefined) fields.push('of', ...shapeOf(dependency, context))
    if (rewrites.isStripped(path)) fields.push('strip')
    const replaced = rewrites.replacementsIn(path)
    if (replaced.length > 0) fields.push('replace', JSON.stringify(replaced))
    fields.push(path, lookUp(fingerprints, path).integrity, String(own.length))
    for (const link of own) {
      const { at, target, addition, edits = [], isMutual = false } = link
      const name = names.get(target)
      const integrity = integrityFor(link, name?.fingerprint.integrity ?? '')
      fields.push(
        String(at),
        addition,
        target,
        name?.digest ?? '',
        JSON.stringify([edits, integrity, isMutual]),
      )
    }
  }
  return digester.ofFields(fields)
}

/** What the column moves in a file depend on: its source, and the lengths of the insertions. */
function shapeOf(path: LogicalPath, { rewrites, fingerprints, prehashed }: NamingContext): readonly string[] {
  const links = rewrites.linksOf(path)
  const moves = links.map(
    ({ at, addition, target, edits }) =>
      `${at} ${addition} ${prehashed.has(target)} ${JSON.stringify(edits ?? [])}`,
  )
  const replaced = rewrites.replacementsIn(path).map((each) => JSON.stringify(each))
  return [path, lookUp(fingerprints, path).integrity, String(links.length), ...moves, ...replaced]
}

function finishOne(path: LogicalPath, names: Names, context: NamingContext): FinishedMember {
  const fingerprint = finish(path, (target) => targetIn(names, target), context)
  return { ...fingerprint, nameDigest: fingerprint.digest }
}

/** The digest law for cycles: the members' own digests first, then the cycle's, then each member's from both. */
function finishCycle(component: Component, names: Names, context: NamingContext): readonly FinishedMember[] {
  const { digester, rewrites } = context
  const whole = digester.ofFields(component.map((path) => ownDigest(rewrites.read(path), names, digester)))
  const inside = new Map(component.map((path) => [path, digester.ofFields([whole, path])]))
  const targetOf = (target: LogicalPath): LinkTarget => {
    const digest = inside.get(target)
    return digest === undefined ? targetIn(names, target) : { digest, integrity: '' }
  }
  // Each member is read again: a cycle may be too large to keep in memory.
  return component.map((path) => ({ ...finish(path, targetOf, context), nameDigest: targetOf(path).digest }))
}

function finish(
  path: LogicalPath,
  targetOf: (target: LogicalPath) => LinkTarget,
  { rewrites, digester, onFinished }: NamingContext,
): Fingerprint {
  const bytes = rewrites.finish(path, targetOf)
  const fingerprint = fingerprintOf(bytes, digester)
  onFinished?.(path, fingerprint, bytes)
  return fingerprint
}

/**
 * A member's own digest: its bytes, with final references to files outside the cycle and logical paths for those
 * inside. It covers the author's spelling, so that `./a.js` and `../x/a.js` differ.
 */
function ownDigest({ text, links }: Rewrite, names: Names, digester: Digester): Digest {
  const fields: (string | Uint8Array)[] = []
  let done = 0
  for (const { start, end, text: put } of links
    .flatMap((link) => ownReplacements(link, names))
    .sort(byStart)) {
    fields.push(encodeText({ text: text.text.slice(done, start), charset: text.charset }), put)
    done = end
  }
  fields.push(encodeText({ text: text.text.slice(done), charset: text.charset }))
  return digester.ofFields(fields)
}

function ownReplacements(link: Link, names: Names): readonly Replacement[] {
  const { at, target, addition } = link
  if (names.has(target)) return replacementsFor(link, targetIn(names, target))
  return [{ start: at, end: at, text: `inside ${target} ${addition}` }, ...integrityFor(link, '')]
}

function byStart(a: Replacement, b: Replacement): number {
  return a.start - b.start
}

function lookUp<T>(map: ReadonlyMap<LogicalPath, T>, path: LogicalPath): T {
  const found = map.get(path)
  if (found === undefined) throw new RangeError(`${path} has no entry`)
  return found
}
