import type { SiteReport } from '../site-report.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'
import { element } from './element.ts'
import { drawFile, drawSearch, pathInAddress } from './file-panel.ts'
import { createSite } from './site.ts'
import { drawAdvice, drawChanges, drawEncodings, drawUnused, drawWork } from './tables.ts'
import { drawTreemap, type TreemapView } from './treemap.ts'

const report = JSON.parse(document.getElementById('report')?.textContent ?? '') as SiteReport
const site = createSite(report)
const treemap = element('div')
const file = element('div', { 'aria-live': 'polite' })
let view: TreemapView = { group: 'folder', size: 'download' }

function showTreemap(): void {
  treemap.replaceChildren(
    drawTreemap(report, view, ({ path }) => {
      location.hash = `file=${encodeURIComponent(path)}`
    }),
  )
}

function showFile(): void {
  const path = pathInAddress()
  const found = path === undefined ? undefined : site.file(path)
  file.replaceChildren(...(found === undefined ? [] : [drawFile(site, found)]))
  document.getElementById('file')?.focus()
}

function choice<Name extends keyof TreemapView>(
  name: Name,
  label: string,
  options: readonly (readonly [TreemapView[Name], string])[],
): HTMLElement {
  const change = (event: Event) => {
    view = { ...view, [name]: (event.target as HTMLSelectElement).value }
    showTreemap()
  }
  const drawn = options.map(([value, text]) => element('option', { value }, text))
  return element('label', {}, `${label} `, element('select', { change }, ...drawn))
}

function section(title: string, ...children: readonly Node[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), ...children)
}

const { totals } = report
const knowsSources = report.files.some(({ source }) => source !== undefined)
document.querySelector('main')?.append(
  element(
    'p',
    { class: 'lead' },
    `${formatNumberOf(totals.files, 'file')}, ${formatBytes(totals.bytes)}. A visitor who needs all of them downloads ${formatBytes(totals.download)}.`,
  ),
  section(
    'What takes the space',
    element(
      'div',
      { class: 'choices' },
      choice('group', 'Group by', [
        ['folder', 'folder'],
        ['type', 'type'],
        ...(knowsSources ? ([['source', 'source']] as const) : []),
      ]),
      choice('size', 'Size', [
        ['download', 'as downloaded'],
        ['size', 'original'],
      ]),
    ),
    treemap,
    drawSearch(site),
    file,
  ),
  section('What changed', drawChanges(report)),
  section('What compression saves', drawEncodings(report)),
  section('Worth a look', drawAdvice(report)),
  section('Not referred to', drawUnused(report)),
  section('What the build did', drawWork(report)),
)
showTreemap()
showFile()
addEventListener('hashchange', showFile)
