import { VARIANT_ENCODINGS } from '../../core/encoding.ts'
import type { Advice } from '../advice.ts'
import type { BuildChanges, FileChange } from '../changes.ts'
import { formatDownload } from '../markdown.ts'
import type { SiteReport } from '../site-report.ts'
import { formatBytes, formatCount, formatMilliseconds, formatNumberOf } from '../unit.ts'
import { element, shortened, table } from './element.ts'
import { fileLink, separated } from './file-panel.ts'

const MAX_ROWS = 100

/** How many files have each encoding, and what it saves. */
export function drawEncodings({ encodings }: SiteReport): HTMLElement {
  const rows = VARIANT_ENCODINGS.filter((encoding) => encodings[encoding].files > 0).map((encoding) => {
    const { files, bytes, identityBytes } = encodings[encoding]
    const saved = identityBytes === 0 ? 0 : Math.round((1 - bytes / identityBytes) * 100)
    const name = encoding === 'identity' ? 'original' : encoding
    return [name, formatCount(files), formatBytes(bytes), encoding === 'identity' ? '' : `${saved} %`]
  })
  return table('Size by encoding', ['Encoding', 'Files', 'Size', 'Saved'], rows, ['Files', 'Size', 'Saved'])
}

/** What changed since a build that is chosen. */
export function drawChanges({ changes, older }: SiteReport): HTMLElement {
  const place = element('div')
  const show = (at: number) => {
    const chosen = changes[at]
    const other = older[at - changes.length]
    if (chosen !== undefined) place.replaceChildren(drawChangesSince(chosen))
    else if (other !== undefined) place.replaceChildren(describeOlder(other.since))
  }
  const options = [...changes, ...older].map((each, at) => element('option', { value: at }, nameOf(each)))
  const choose = (event: Event) => show(Number((event.target as HTMLSelectElement).value))
  const select = element('select', { id: 'since', change: choose }, ...options)
  show(0)
  if (changes.length === 0) return element('p', {}, 'No earlier build is kept here. Name one with --against.')
  return element('div', {}, element('label', { for: 'since' }, 'Since '), select, place)
}

function describeOlder(digest: string): HTMLElement {
  const command = element('code', {}, `fingerpost report --against ${digest}`)
  return element('p', {}, 'This page compares with the latest builds only. For this one run ', command, '.')
}

function nameOf({ since, publishedAt }: Pick<BuildChanges, 'since' | 'publishedAt'>): string {
  return publishedAt === undefined ? since : `${publishedAt.slice(0, 16).replace('T', ' ')} UTC (${since})`
}

function drawChangesSince(changes: BuildChanges): HTMLElement {
  const { files, growth, before } = changes
  const count = (kind: FileChange['kind']) => files.filter((file) => file.kind === kind).length
  const kinds = (['new', 'changed', 'renamed', 'gone'] as const).map((kind) => `${count(kind)} ${kind}`)
  const summary = `${kinds.join(', ')}. ${formatDownload(changes)} ${describeGrowth(growth, before)}`
  if (files.length === 0) return element('p', {}, 'Nothing has changed.')
  const draw = (shown: readonly FileChange[]) =>
    table('Changed files', ['File', 'Change', 'Size', 'Why'], shown.map(changeRow), ['Size'])
  return element('div', {}, element('p', {}, summary), shortened(files, MAX_ROWS, draw))
}

function describeGrowth(growth: number, before: number): string {
  if (growth === 0) return `The site still has ${formatBytes(before)}.`
  const verb = growth < 0 ? 'shrunk' : 'grown'
  return `The site has ${verb} by ${formatBytes(Math.abs(growth))} to ${formatBytes(before + growth)}.`
}

function changeRow({ kind, path, download, delta, because }: FileChange): readonly (Node | string)[] {
  const why = because === undefined ? [WHY[kind]] : separated(because.slice(1).map(fileLink), ' → ')
  return [kind === 'gone' ? path : fileLink(path), kind, sizeOf(download, delta), element('span', {}, ...why)]
}

function sizeOf(download: number, delta: number | undefined): string {
  return delta === undefined ? formatBytes(download) : `${formatBytes(delta)} of ${formatBytes(download)}`
}

const WHY: Readonly<Record<FileChange['kind'], string>> = {
  new: '',
  changed: 'its content',
  renamed: 'names it refers to',
  gone: '',
}

const TITLES: Readonly<Record<Advice['kind'], string>> = {
  large: 'Large',
  'badly-compressed': 'Compresses badly',
  'image-format': 'WebP or AVIF may halve it',
  duplicates: 'Same content more than once',
  'source-maps': 'Source maps are public',
}

/** The files worth a look. */
export function drawAdvice({ advice }: SiteReport): HTMLElement {
  if (advice.length === 0) return element('p', {}, 'Nothing stands out.')
  const rows = advice.map(({ kind, paths, bytes }) => {
    const more = paths.length > 3 ? [` and ${paths.length - 3} more`] : []
    const files = element('span', {}, ...separated(paths.slice(0, 3).map(fileLink)), ...more)
    return [TITLES[kind], formatBytes(bytes), files]
  })
  return table('Files worth a look', ['Why', 'Size', 'Files'], rows, ['Size'])
}

/** Files without references to them. */
export function drawUnused({ unused }: SiteReport): HTMLElement {
  if (unused.length === 0) return element('p', {}, 'Every file is referred to.')
  const draw = (shown: readonly string[]) =>
    element('ul', {}, ...shown.map((path) => element('li', {}, fileLink(path))))
  const note = `No file of the build refers to ${formatNumberOf(unused.length, 'file')}. Templates may still use them.`
  return element('div', {}, element('p', {}, note), shortened(unused, MAX_ROWS, draw))
}

/** What the build did, and how long its steps took. */
export function drawWork({ work }: SiteReport): HTMLElement {
  if (work === undefined)
    return element(
      'p',
      {},
      "The build cache of this machine doesn't know this build. Run fingerpost build --report FILE to see what a build does.",
    )
  const { read, scanned, encoded, recalled, written, cache, steps } = work
  const counts = {
    'files read': read,
    'files scanned': scanned,
    'variants compressed': encoded,
    'variants from the cache': recalled,
    'values found in the cache': cache.hits,
    'values the cache did not have': cache.misses,
    'files written': written,
  }
  const rows = [
    ...Object.entries(counts).map(([name, count]) => [name, formatCount(count)]),
    ...Object.entries(steps).map(([step, milliseconds]) => [
      `time to ${step}`,
      formatMilliseconds(milliseconds),
    ]),
  ]
  return table('Work of the build', ['What', 'How much'], rows, ['How much'])
}
