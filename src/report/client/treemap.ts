import { type HierarchyRectangularNode, hierarchy, treemap } from 'd3-hierarchy'
import type { FileReport, SiteReport } from '../site-report.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'
import { element } from './element.ts'

/** By what files are grouped, and which of their sizes counts. */
export interface TreemapView {
  readonly group: 'folder' | 'type' | 'source'
  readonly size: 'download' | 'size'
}

interface Branch {
  readonly name: string
  readonly children: Map<string, Branch>
  readonly file?: FileReport
}

type Tile = HierarchyRectangularNode<Branch>

/** Tiles that are drawn of one folder; the smaller ones are folded into a tile of their own. */
const MAX_TILES = 120

/** Tiles that are drawn within a folder: the largest. */
const MAX_INNER_TILES = 60

/** CSS pixels. */
const LABEL_HEIGHT = 22
const LABEL_MIN_WIDTH = 70

/** What has a colour of its own. */
const KINDS = {
  style: /css/,
  script: /javascript|wasm/,
  font: /font/,
  image: /^image/,
  text: /html|json|xml|plain/,
  other: /(?:)/,
} as const

/** Draws the treemap of a report, one folder at a time: a tile of a folder opens it, a tile of a file shows the file. */
export function drawTreemap(
  { files }: SiteReport,
  view: TreemapView,
  onFile: (file: FileReport) => void,
): HTMLElement {
  const trail = element('nav', { class: 'trail', 'aria-label': 'Folders above' })
  const map = element('div', { class: 'treemap', role: 'group', 'aria-label': 'Treemap' })
  const root = group(files, view)
  let opened: readonly Branch[] = [root]

  const open = (branches: readonly Branch[]) => {
    opened = branches
    draw()
  }
  const draw = () => {
    const current = opened.at(-1) ?? root
    const steps = opened.map((branch, at) =>
      element('button', { type: 'button', click: () => open(opened.slice(0, at + 1)) }, branch.name),
    )
    trail.replaceChildren(...steps)
    const { clientWidth: width, clientHeight: height } = map
    const tiles = layOut(folded(current, view), view, width, height).children ?? []
    map.replaceChildren(
      ...tiles.map((tile) =>
        drawTile(tile, view, (chosen) => {
          if (chosen.file === undefined) open([...opened, chosen])
          else onFile(chosen.file)
        }),
      ),
    )
  }
  new ResizeObserver(draw).observe(map)
  return element('div', {}, trail, map, drawLegend())
}

function drawLegend(): HTMLElement {
  const items = Object.keys(KINDS).map((kind) => element('li', { class: `kind-${kind}` }, kind))
  return element('ul', { class: 'legend', 'aria-label': 'Colours' }, ...items)
}

function group(files: readonly FileReport[], { group: by }: TreemapView): Branch {
  const root: Branch = { name: 'all files', children: new Map() }
  for (const file of files) {
    const segments = by === 'folder' ? file.path.split('/') : [groupOf(file, by), ...file.path.split('/')]
    let branch = root
    for (const name of segments.slice(0, -1)) branch = childOf(branch, name)
    const name = segments.at(-1) ?? ''
    branch.children.set(`file ${name}`, { name, children: new Map(), file })
  }
  return root
}

function groupOf({ type, source }: FileReport, by: 'type' | 'source'): string {
  return by === 'type' ? (type.split(';', 1)[0] ?? type) : (source ?? 'unknown source')
}

function childOf(branch: Branch, name: string): Branch {
  const child = branch.children.get(name) ?? { name, children: new Map() }
  branch.children.set(name, child)
  return child
}

/** The branch with its smallest children in one, if there are too many to draw. */
function folded(branch: Branch, view: TreemapView): Branch {
  if (branch.children.size <= MAX_TILES) return branch
  const sized = [...branch.children].map(([key, child]) => [key, child, sumOf(child, view)] as const)
  const sorted = sized.sort(([, , a], [, , b]) => b - a).map(([key, child]) => [key, child] as const)
  const rest: Branch = {
    name: formatNumberOf(sorted.length - MAX_TILES, 'smaller item'),
    children: new Map(sorted.slice(MAX_TILES)),
  }
  return { ...branch, children: new Map([...sorted.slice(0, MAX_TILES), ['rest', rest]]) }
}

function layOut(branch: Branch, { size }: TreemapView, width: number, height: number): Tile {
  const root = hierarchy(branch, ({ children }) => [...children.values()])
    // An empty file still is a file: it gets a tile.
    .sum(({ file }) => (file === undefined ? 0 : Math.max(file[size], 1)))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  return treemap<Branch>()
    .size([width, height + LABEL_HEIGHT])
    .paddingInner(2)
    .paddingTop(LABEL_HEIGHT)(root)
}

function drawTile(tile: Tile, { size }: TreemapView, onOpen: (branch: Branch) => void): HTMLElement {
  const { data, value = 0 } = tile
  const bytes = data.file?.[size] ?? value
  const count = tile.leaves().length
  const text = `${data.name} ${formatBytes(bytes)}`
  const files = data.file === undefined ? `, ${formatNumberOf(count, 'file')}` : ''
  const inner = (tile.children ?? []).slice(0, MAX_INNER_TILES).map((child) => {
    const isLarge = child.x1 - child.x0 > LABEL_MIN_WIDTH && child.y1 - child.y0 > LABEL_HEIGHT
    const name = isLarge ? [element('span', { class: 'label' }, child.data.name)] : []
    const style = placeOf(child, tile)
    return element('span', { class: `inner ${colorOf(child)}`, style, 'aria-hidden': 'true' }, ...name)
  })
  return element(
    'button',
    {
      ...{ type: 'button', class: `tile ${data.file === undefined ? 'folder' : colorOf(tile)}` },
      ...{ style: placeOf(tile), title: text + files, click: () => onOpen(data) },
    },
    ...inner,
    element('span', { class: 'label' }, text, element('span', { class: 'unseen' }, files)),
  )
}

function placeOf({ x0, x1, y0, y1 }: Tile, within?: Tile): string {
  const left = x0 - (within?.x0 ?? 0)
  // The root's own label is the trail above the map.
  const top = y0 - (within?.y0 ?? LABEL_HEIGHT)
  return `left:${left}px;top:${top}px;width:${Math.max(x1 - x0, 0)}px;height:${Math.max(y1 - y0, 0)}px`
}

/** A class by the kind of the largest file. */
function colorOf(tile: Tile): string {
  const [largest] = tile.leaves()
  const type = largest?.data.file?.type ?? ''
  const found = Object.entries(KINDS).find(([, pattern]) => pattern.test(type))
  return `kind-${found?.[0]}`
}

function sumOf(branch: Branch, view: TreemapView): number {
  let sum = branch.file?.[view.size] ?? 0
  for (const child of branch.children.values()) sum += sumOf(child, view)
  return sum
}
