/** An entity tag in its wire form: `"3f9a"`, or `W/"3f9a"` for a weak one (RFC 9110 §8.8.3). */
export type EntityTag = string

/** What If-Match and If-None-Match hold: any representation, or one of a list. */
export type EntityTagList = '*' | readonly EntityTag[]

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/gy

/**
 * Reads a list of entity tags. Reading stops at the first thing that is none: what was read until there counts, since
 * a client that names our tag has our bytes, whatever else it writes.
 */
export function parseEntityTags(value: string): EntityTagList {
  if (value.trim() === '*') return '*'
  const tags: EntityTag[] = []
  let at = 0
  while (at < value.length) {
    at = skipSeparators(value, at)
    TAG.lastIndex = at
    const match = TAG.exec(value)
    if (match === null) break
    tags.push(match[0])
    at = TAG.lastIndex
  }
  return tags
}

/** Strong comparison: equal and neither weak (RFC 9110 §8.8.3.2). */
export function matchesStrongly(list: EntityTagList, tag: EntityTag): boolean {
  return list === '*' || (!tag.startsWith('W/') && list.includes(tag))
}

/** Weak comparison: equal but for the mark of weakness (RFC 9110 §8.8.3.2). */
export function matchesWeakly(list: EntityTagList, tag: EntityTag): boolean {
  return list === '*' || list.some((entry) => opaque(entry) === opaque(tag))
}

function opaque(tag: EntityTag): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

function skipSeparators(value: string, from: number): number {
  let at = from
  while (at < value.length && ' \t,'.includes(value.charAt(at))) at++
  return at
}
