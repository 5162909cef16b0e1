import * as L from '../vendor/leaflet/leaflet-src.esm.js'
import { unwrap, wayPoints } from './geo/great-circle.js'
import { LAND } from './geo/land.js'

const element = document.querySelector('#map')
const ports = JSON.parse(element.dataset.ports)
const [from, to] = [element.dataset.from, element.dataset.to].map((id) =>
  ports.find((port) => port.id === id),
)

// Leaflet guesses where its images are from the name of its stylesheet, which a fingerprint changes: tell it.
const icon = L.icon({
  ...L.Icon.Default.prototype.options,
  iconUrl: element.dataset.icon,
  iconRetinaUrl: element.dataset.iconRetina,
  shadowUrl: element.dataset.iconShadow,
})

const map = L.map(element, {
  minZoom: 1,
  maxZoom: 6,
  zoomSnap: 0.25,
  worldCopyJump: false,
  attributionControl: false,
})
const toLatLng = ({ lat, lon }) => [lat, lon]

/** The continents three times side by side, so that a way across the date line has land on both ends. */
function drawLand() {
  const copies = [-360, 0, 360].flatMap((shift) =>
    LAND.map((ring) => ring.map(([lon, lat]) => [lat, lon + shift])),
  )
  return L.polygon(copies, { className: 'land', interactive: false, smoothFactor: 0.2 })
}

function drawGraticule() {
  const lines = []
  for (let lon = -540; lon <= 540; lon += 30)
    lines.push([
      [-85, lon],
      [85, lon],
    ])
  for (let lat = -60; lat <= 80; lat += 20)
    lines.push([
      [lat, -540],
      [lat, 540],
    ])
  return L.polyline(lines, { className: 'graticule', interactive: false })
}

function drawPorts() {
  const others = ports.filter((port) => port !== from && port !== to)
  const dots = [-360, 0, 360].flatMap((shift) =>
    others.map((port) =>
      L.circleMarker([port.lat, port.lon + shift], { radius: 4, className: 'port' }).bindTooltip(port.name),
    ),
  )
  return L.layerGroup(dots)
}

const great = wayPoints(from, to, 64)
const end = great[great.length - 1]
const straight = { lat: to.lat, lon: unwrap(to.lon, from.lon) }
const ways = [
  L.polyline([toLatLng(from), toLatLng(straight)], { className: 'way way-rhumb', interactive: false }),
  L.polyline(great.map(toLatLng), { className: 'way way-great', interactive: false, smoothFactor: 0.8 }),
]

const overlays = { Graticule: drawGraticule(), 'Other ports': drawPorts(), 'Chart line': ways[0] }
drawLand().addTo(map)
for (const layer of [...Object.values(overlays), ways[1]]) layer.addTo(map)
L.control.layers({}, overlays).addTo(map)
for (const [place, port] of [
  [from, from],
  [end, to],
]) {
  L.marker(toLatLng(place), { icon, alt: port.name })
    .bindTooltip(port.name, { permanent: true, direction: 'top', offset: [-15, -14] })
    .addTo(map)
}
map.fitBounds(L.featureGroup(ways).getBounds(), { padding: [48, 48], animate: false })
element.dataset.ready = ''
