import { basename } from 'node:path'
import { FORMULAS } from './formulas.js'
import { PORTS } from './ports.js'
import { bearing, distanceKm, KM_PER_NAUTICAL_MILE, rhumbKm } from './static/js/geo/great-circle.js'

/** The pages in the order of the menu. Each answers a query with a template and what the template needs. */
export const PAGES = [
  { href: '/', title: 'Home', render: home },
  { href: '/map', title: 'Map', render: map },
  { href: '/ports', title: 'Ports', render: ports },
  { href: '/formulas', title: 'Formulas', render: () => ['formulas.njk', { formulas: FORMULAS }] },
  { href: '/assets', title: 'Assets', render: assets },
]

const CARDS = [
  {
    href: '/map',
    icon: 'map-location-dot',
    title: 'On the map',
    text: 'Mercator bends the shortest way towards the pole. See by how much.',
  },
  {
    href: '/ports',
    icon: 'anchor',
    title: 'From port to port',
    text: `${PORTS.length} harbours, the course to each and how far it is.`,
  },
  {
    href: '/formulas',
    icon: 'square-root-variable',
    title: 'By hand',
    text: 'The six formulas this site needs, none of them younger than a century.',
  },
]

/** Where the great circle meets nothing but water. */
const OPEN_WATER = [
  ['cape-town', 'sydney'],
  ['valparaiso', 'auckland'],
  ['san-francisco', 'yokohama'],
]

function home() {
  const legs = OPEN_WATER.map(([from, to]) => leg(portNamed(from), portNamed(to)))
  return ['home.njk', { legs, example: legs[0], cards: CARDS }]
}

function map(query) {
  const from = portNamed(query.from) ?? portNamed('san-francisco')
  const to = portNamed(query.to) ?? portNamed('yokohama')
  // A way needs two ends.
  const other = to === from ? PORTS.find((port) => port !== from) : to
  return ['map.njk', { ports: PORTS, route: leg(from, other) }]
}

function ports(query) {
  const start = portNamed(query.from) ?? portNamed('rotterdam')
  const rows = PORTS.filter((port) => port !== start)
    .toSorted((a, b) => distanceKm(start, a) - distanceKm(start, b))
    .map((port) => ({ port, position: position(port), ...leg(start, port) }))
  return ['ports.njk', { home: start, rows }]
}

function assets(query, manifest) {
  if (manifest === undefined) return ['assets.njk', {}]
  const all = Object.entries(manifest.assets)
  const isShown = ([name]) => !name.startsWith('vendor/') || /\.min\.(css|js)$|leaflet\.css$/.test(name)
  const shown = query.all === undefined ? all.filter(isShown) : all
  const hidden = all.length - shown.length
  return ['assets.njk', { summary: summarise(manifest), hidden, rows: shown.map(assetRow) }]
}

function summarise(manifest) {
  const all = Object.values(manifest.assets)
  const plain = all.reduce((sum, asset) => sum + asset.size, 0)
  const sent = all.reduce((sum, { encodings, size }) => sum + (encodings.br?.size ?? size), 0)
  return { count: all.length, saved: `${Math.round((1 - sent / plain) * 100)}\u00a0%` }
}

function assetRow([name, { file, size, encodings }]) {
  const [stem, digest, extension] = basename(file).split(/(?<=\.)([0-9a-f]{16})/)
  const bytes = (variant) => (variant === undefined ? '–' : variant.size.toLocaleString('en'))
  return {
    name,
    stem,
    digest,
    extension,
    size: size.toLocaleString('en'),
    gzip: bytes(encodings.gzip),
    br: bytes(encodings.br),
  }
}

function leg(from, to) {
  const [great, rhumb] = [distanceKm(from, to), rhumbKm(from, to)]
  const course = `${Math.round(bearing(from, to)) % 360}°`
  return {
    from,
    to,
    great: nauticalMiles(great),
    rhumb: nauticalMiles(rhumb),
    gain: nauticalMiles(rhumb - great),
    bearing: course,
  }
}

function portNamed(id) {
  return PORTS.find((port) => port.id === id)
}

function nauticalMiles(km) {
  return `${Math.round(km / KM_PER_NAUTICAL_MILE).toLocaleString('en')} nm`
}

function position({ lat, lon }) {
  const half = (value, [positive, negative]) =>
    `${Math.abs(value).toFixed(1)}° ${value < 0 ? negative : positive}`
  return `${half(lat, 'NS')}, ${half(lon, 'EW')}`
}
