import type { ManifestReference } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { FileReport } from '../site-report.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'
import { element, shortened } from './element.ts'
import type { Site } from './site.ts'

const MAX_RESULTS = 20
const MAX_LISTED = 30

/** A link to a file's part of the page. */
export function fileLink(path: LogicalPath): HTMLElement {
  return element('a', { href: `#file=${encodeURIComponent(path)}` }, path)
}

/** The path that the page's address names. */
export function pathInAddress(): LogicalPath | undefined {
  const match = /^#file=(.*)$/.exec(location.hash)
  return match?.[1] === undefined ? undefined : decodeURIComponent(match[1])
}

/** A field that finds files by a part of their path. */
export function drawSearch({ report }: Site): HTMLElement {
  const results = element('ul', { class: 'results', 'aria-live': 'polite' })
  const search = (event: Event) => {
    const wanted = (event.target as HTMLInputElement).value.toLowerCase()
    const found = wanted === '' ? [] : report.files.filter(({ path }) => path.toLowerCase().includes(wanted))
    const shown = found.slice(0, MAX_RESULTS).map(({ path }) => element('li', {}, fileLink(path)))
    const more =
      found.length > MAX_RESULTS ? [element('li', {}, `and ${found.length - MAX_RESULTS} more`)] : []
    results.replaceChildren(...shown, ...more)
  }
  const field = element('input', { type: 'search', id: 'search', input: search, placeholder: 'css/site.css' })
  return element('div', {}, element('label', { for: 'search' }, 'Find a file '), field, results)
}

/** Everything about one file: its sizes, what it needs, and what needs it. */
export function drawFile(site: Site, file: FileReport): HTMLElement {
  const { path, type, source } = file
  const cycle = site.cycleOf(path)
  return element(
    'section',
    { class: 'file', 'aria-labelledby': 'file' },
    element('h3', { id: 'file', tabindex: -1 }, path),
    element(
      'p',
      {},
      `${type}${source === undefined ? '' : `, from ${source}`}. Served as `,
      code(file.file),
      '.',
    ),
    drawSizes(file),
    ...(cycle.length === 0
      ? []
      : [element('p', { class: 'mark' }, 'In a cycle with ', ...separated(cycle.map(fileLink)), '.')]),
    element('p', {}, describePreload(site, file)),
    drawReferences('Refers to', file.references, site),
    drawReferences('Referred to by', site.usersOf(path), site),
  )
}

function drawSizes({ size, encodings }: FileReport): HTMLElement {
  const sizes = [['original', size] as const, ...Object.entries(encodings)]
  const items = sizes.flatMap(([name, bytes]) => {
    const share = size === 0 ? '' : ` (${Math.round((bytes / size) * 100)} %)`
    return [
      element('dt', {}, name),
      element('dd', {}, formatBytes(bytes) + (name === 'original' ? '' : share)),
    ]
  })
  return element('dl', { class: 'sizes' }, ...items)
}

function describePreload(site: Site, { path }: FileReport): string {
  const files = site.preloadsOf(path)
  const bytes = files.reduce((sum, { download }) => sum + download, 0)
  return `A page that preloads it fetches ${formatNumberOf(files.length, 'file')}, ${formatBytes(bytes)}.`
}

function drawReferences(title: string, references: readonly ManifestReference[], site: Site): HTMLElement {
  const heading = element('h4', {}, `${title} ${formatNumberOf(references.length, 'file')}`)
  if (references.length === 0) return heading
  const list = shortened(references, MAX_LISTED, (shown) => {
    const items = shown.map(({ path, kind }) => {
      const bytes = site.file(path)?.download
      const size = bytes === undefined ? '' : `, ${formatBytes(bytes)}`
      return element('li', {}, fileLink(path), element('span', { class: 'quiet' }, ` ${kind}${size}`))
    })
    return element('ul', {}, ...items)
  })
  return element('div', {}, heading, list)
}

function code(text: string): HTMLElement {
  return element('code', {}, text)
}

/** Elements with commas between them. */
export function separated(parts: readonly Node[], by = ', '): readonly (Node | string)[] {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [by, part]))
}
