import { requireFrom } from '../setup/packages.ts'

/** A Vega-Lite specification; the library checks it. */
export type PlotSpec = Readonly<Record<string, unknown>>

/** A plot with what is said below it. */
export interface Plot {
  readonly subject: string
  readonly title: string
  readonly caption: string
  readonly spec: PlotSpec
}

/** How wide plots are drawn, in CSS pixels, with labels and legend. */
export const PLOT_WIDTH = 860

interface VegaView {
  toSVG(): Promise<string>
  finalize(): void
}

/** Colours with enough contrast on white and on near-black alike. */
const PALETTE = ['#3f7fd0', '#d9772b', '#3f9a63', '#b65fb0', '#9a8523', '#cf5260', '#7d74d9', '#7c8790']

/** In bars fingerpost stands out and the others recede. */
export const OURS_COLOUR = '#3f7fd0'
export const OTHERS_COLOUR = '#7c8790'

/** Text and lines take the page's own colour, so that one drawing serves the light and the dark page. */
const INK = {
  background: null,
  font: 'inherit',
  view: { stroke: null },
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    domainColor: 'currentColor',
    tickColor: 'currentColor',
    gridColor: 'currentColor',
    gridOpacity: 0.15,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 260,
  },
  legend: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 12,
    titleFontSize: 12,
    labelLimit: 260,
    symbolStrokeColor: 'currentColor',
  },
  header: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 13,
    labelFontWeight: 'bold',
    labelAnchor: 'start',
  },
  title: { color: 'currentColor' },
  range: { category: PALETTE },
} as const

/** Draws a plot as SVG, as wide as its place allows. */
export async function drawPlot(spec: PlotSpec, label: string): Promise<string> {
  const require = requireFrom('peers')
  const vega = require('vega') as {
    parse(spec: unknown): unknown
    View: new (runtime: unknown, options: { readonly renderer: 'none' }) => VegaView
  }
  const { compile } = require('vega-lite') as { compile(spec: unknown): { readonly spec: unknown } }
  const view = new vega.View(vega.parse(compile({ config: INK, ...spec }).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return responsive(svg, label)
}

/** The drawing shrinks with a narrow screen, never grows beyond its size, and has a name for those who don't see it. */
function responsive(svg: string, label: string): string {
  const width = /width="([\d.]+)"/.exec(svg)?.[1] ?? '800'
  const named = `<svg role="img" aria-label="${label}" style="width:100%;max-width:${width}px;height:auto" `
  // Its marks would be a thousand nameless pictures to a screen reader.
  const marks = / (?:role="graphics-[^"]*"|aria-[a-z]+="[^"]*")/g
  return svg
    .replace(marks, '')
    .replace(/^<svg /, named)
    .replace(/ width="[\d.]+" height="[\d.]+"/, '')
}
