import { FingerpostError } from '../core/error.ts'
import { KEYWORD_MARK } from '../core/option.ts'

/** The value of an HTML attribute. `true` writes the bare name; `false`, null and undefined omit it. */
export type AttributeValue = string | number | boolean | null | undefined

/** Attributes by name, in order of output. */
export type Attributes = Readonly<Record<string, AttributeValue>>

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes text for HTML content and for attributes with either quote. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

/**
 * A start tag: `<link rel="stylesheet" href="…">`.
 *
 * @throws FingerpostError `FP_CONFIG` for an invalid attribute name (HTML §13.1.2.3)
 */
export function formatTag(element: string, attributes: Attributes): string {
  const parts = [element]
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false || name === KEYWORD_MARK) continue
    if (!/^[^\s"'<>/=\p{Cc}]+$/u.test(name)) {
      throw new FingerpostError('FP_CONFIG', `${JSON.stringify(name)} is not a valid HTML attribute name.`)
    }
    parts.push(value === true ? name : `${name}="${escapeHtml(String(value))}"`)
  }
  return `<${parts.join(' ')}>`
}
