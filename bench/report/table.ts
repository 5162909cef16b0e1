/** What stands in a cell: text, or text with a judgement. */
export type Cell = string | { readonly text: string; readonly tone: 'met' | 'missed' }

/** A table as data; each report writes it in its own way. */
export interface Table {
  /** What an anchor can be made of. */
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** The table for a terminal: columns in line, the first to the left, the others to the right. */
export function tableAsText({ title, head, rows }: Table): string {
  const lines = [head, ...rows.map((cells) => cells.map(cellAsText))]
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)))
  const format = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? ''
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  const [first = [], ...others] = lines
  return [title, format(first), rule, ...others.map(format)].join('\n')
}

/** The table for a Markdown page, without its title. What was missed is bold. */
export function tableAsMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map((cells) => line(cells.map(cellAsMarkdown)))].join('\n')
}

/** The table for a web page, without its title. */
export function tableAsHtml({ head, rows }: Table): string {
  const headings = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`)
  const lines = rows.map((cells) => `<tr>${cells.map(cellAsHtml).join('')}</tr>`)
  return `<table><thead><tr>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>`
}

function cellAsText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  return cell.tone === 'missed' ? `${cell.text} ✗` : `${cell.text} ✓`
}

function cellAsMarkdown(cell: Cell): string {
  if (typeof cell === 'string') return cell
  return cell.tone === 'missed' ? `**${cell.text} ✗**` : `${cell.text} ✓`
}

function cellAsHtml(cell: Cell): string {
  if (typeof cell === 'string') return `<td>${escapeHtml(cell)}</td>`
  return `<td class="${cell.tone}">${escapeHtml(cellAsText(cell))}</td>`
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The anchor under which both pages show something with this title, as GitHub makes it. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
