import { positionAt } from '../core/reference/text.ts'

/** A tag in a template that a browser would refuse under `Integrity-Policy`. */
export interface UnverifiedTag {
  /** As written, on one line. */
  readonly written: string
  /** 1-based. */
  readonly line: number
  /** 1-based, UTF-16 code units. */
  readonly column: number
}

const TAG_START = /<(?:script|link)\b/gi

/** Quoted values may contain `>`, as calls of helpers do. */
const WHOLE_TAG = /<(?:[^>"']|"[^"]*"|'[^']*')*>/y

/** UTF-16 code units of a tag that is looked at: tags without an end would take quadratic time. */
const TAG_MAX_LENGTH = 5000

/** In Pug a tag has its attributes in parentheses: `script(src=static('js/app.js'))`. */
const PUG_TAG = /^[ \t]*(?:script|link)\(.*$/gm

/** The option of a helper, in any engine: `integrity: false`, `integrity=false`. */
const WITHOUT = /\bintegrity['"]?\s*[:=]\s*false\b/g

/**
 * Tags of scripts, stylesheets and preloaded modules without `integrity`, and helpers that are told to leave it out, in
 * order.
 *
 * @param text of a template, with its comments blanked
 */
export function findUnverifiedTags(text: string): readonly UnverifiedTag[] {
  const tags = [...htmlTags(text), ...text.matchAll(PUG_TAG)]
  const bare = tags.filter(({ 0: tag }) => loadsCode(tag) && !/\bintegrity\b/i.test(tag))
  return [...bare, ...text.matchAll(WITHOUT)]
    .sort((a, b) => a.index - b.index)
    .map(({ 0: tag, index }) => {
      const start = index + (tag.length - tag.trimStart().length)
      return { written: tag.trim().replace(/\s+/g, ' '), ...positionAt(text, start) }
    })
}

function htmlTags(text: string) {
  return [...text.matchAll(TAG_START)].flatMap(({ index }) => {
    const [tag] = new RegExp(WHOLE_TAG).exec(text.slice(index, index + TAG_MAX_LENGTH)) ?? []
    return tag === undefined ? [] : [{ 0: tag, index }]
  })
}

function loadsCode(tag: string): boolean {
  if (/^\s*<?script/i.test(tag)) return /\bsrc\s*=/i.test(tag)
  const [, rel = ''] = /\brel\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/i.exec(tag) ?? []
  return /\b(?:stylesheet|modulepreload)\b/i.test(rel)
}
