import { FingerpostError } from '../core/error.ts'

/** The value of an HTML attribute; `true` writes its bare name; `false`, null and undefined leave it out. */
export type AttributeValue = string | number | boolean | null | undefined

/** Attributes by name, in the order they are written. */
export type Attributes = Readonly<Record<string, AttributeValue>>

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What Nunjucks adds to keyword arguments, to know them by. */
export const KEYWORD_MARK = '__keywords'

/** Text as it may stand in HTML, in an attribute with either quote as well. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

/**
 * A start tag: `<link rel="stylesheet" href="…">`.
 *
 * @throws FingerpostError `FP_CONFIG` for a name that can't be an attribute's (HTML §13.1.2.3)
 */
export function formatTag(element: string, attributes: Attributes): string {
  const parts = [element]
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false || name === KEYWORD_MARK) continue
    if (!/^[^\s"'<>/=\p{Cc}]+$/u.test(name)) {
      throw new FingerpostError('FP_CONFIG', `${JSON.stringify(name)} can't be an HTML attribute.`)
    }
    parts.push(value === true ? name : `${name}="${escapeHtml(String(value))}"`)
  }
  return `<${parts.join(' ')}>`
}

/** JSON as it may stand in a `<script>`: nothing in it can end the element or begin a comment (HTML §13.1.2.1). */
export function formatScriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
