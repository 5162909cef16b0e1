/** Attributes by name; functions listen, `undefined` and `false` are left out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>

/** Creates an HTML element. Text is never parsed as HTML. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value)
    else if (value !== undefined && value !== false)
      made.setAttribute(key, value === true ? '' : String(value))
  }
  made.append(...children)
  return made
}

/** A table with a caption. Cells of the columns named in `numeric` are aligned right. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (Node | string)[])[],
  numeric: readonly string[] = [],
): HTMLElement {
  const alignment = columns.map((column) => (numeric.includes(column) ? 'number' : undefined))
  const head = columns.map((column, at) => element('th', { scope: 'col', class: alignment[at] }, column))
  const body = rows.map((cells) =>
    element('tr', {}, ...cells.map((cell, at) => element('td', { class: alignment[at] }, cell))),
  )
  // Cells with links need room; figures alone fit on a phone.
  const isWide = rows.some((cells) => cells.some((cell) => typeof cell !== 'string'))
  const made = element(
    'table',
    { class: isWide ? 'wide' : undefined },
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  )
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, made)
}

/** The first items, and a button that shows all. */
export function shortened<T>(
  items: readonly T[],
  limit: number,
  draw: (shown: readonly T[]) => HTMLElement,
): HTMLElement {
  const place = element('div', {}, draw(items.slice(0, limit)))
  if (items.length <= limit) return place
  const showAll = () => place.replaceChildren(draw(items))
  place.append(element('button', { type: 'button', click: showAll }, `Show all ${items.length}`))
  return place
}
