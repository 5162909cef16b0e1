import { encodePath, folderOf, type LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import { dependsOnUse, type Reference, type ReferenceKind } from '../../core/reference/reference.ts'
import type { Insertion, Replacement } from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'

/** A reference to another file of the build. */
export interface Link {
  readonly kind: ReferenceKind
  /** UTF-16 offset where the digest goes. */
  readonly at: number
  readonly target: LogicalPath
  /** The part of the file name that the author left out: '', `.js`, `/index.js`. */
  readonly addition: string
  /** `keep` leaves the text as it is: in prehashed files, and between modules under an import map. */
  readonly mode: 'rewrite' | 'keep'
  /** See {@link Reference}. */
  readonly edits?: readonly Replacement[]
  readonly integrity?: Span
  /** The target refers back to the file, so that neither can state the integrity of the other. */
  readonly isMutual?: boolean
}

/** What a link needs to know of its target. */
export interface LinkTarget {
  /** '' for a file that keeps its name. */
  readonly digest: string
  readonly integrity: string
}

/** The insertion that turns a reference into one to the hashed name. With digest '': the addition alone. */
export function insertionFor({ at, addition }: Link, digest: string): Insertion {
  const dot = addition.lastIndexOf('.')
  const split = dot === -1 ? addition.length : dot
  const dotted = digest === '' ? '' : `.${digest}`
  return { at, text: `${addition.slice(0, split)}${dotted}${addition.slice(split)}` }
}

/** Everything that is put in for a link, but its edits. */
export function replacementsFor(link: Link, { digest, integrity }: LinkTarget): readonly Replacement[] {
  const { at, text } = insertionFor(link, digest)
  return [{ start: at, end: at, text }, ...integrityFor(link, integrity)]
}

/** A member of a cycle has none: its bytes depend on the file that would state it. */
export function integrityFor({ integrity: span, isMutual }: Link, integrity: string): readonly Replacement[] {
  return span === undefined ? [] : [{ ...span, text: isMutual ? '""' : `"${integrity}"` }]
}

/** Only an absolute URL means the same file wherever a custom property is used. */
export function editsOf(reference: Reference, target: LogicalPath, { href }: PublicUrl): Reference['edits'] {
  const { start, nameAt = start, edits = [] } = reference
  if (!dependsOnUse(reference)) return reference.edits
  const folder = href + encodePath(folderOf(target)).replace(/['"()&]/g, escapeForCss)
  return [{ start, end: nameAt, text: folder }, ...edits.filter((edit) => edit.start >= nameAt)]
}

/** Escapes the name as the target's hashed name is; what an author left out of a name is not looked at. */
export function spellHashed(link: Link, { escapes }: Reference): Link {
  if (escapes === undefined || link.addition.startsWith('/')) return link
  const isKept = ({ start, end }: Replacement) =>
    start === end || escapes.every((escaped) => escaped.start !== start)
  const edits = [...(link.edits ?? []).filter(isKept), ...escapes]
  return { ...link, edits: edits.sort((a, b) => a.start - b.start) }
}

/** Percent-encodes what could end a URL in CSS, or in a `style` attribute. */
function escapeForCss(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
