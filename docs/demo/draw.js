// Draws the demo's images again: node docs/demo/draw.js
import { mkdirSync, writeFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import { wayPoints } from './static/js/geo/great-circle.js'
import { LAND } from './static/js/geo/land.js'

const FOLDER = new URL('static/img/', import.meta.url)
const CENTRE = { lat: 38, lon: -62 }
const WAY = [
  { lat: 37.81, lon: -122.42 },
  { lat: 38.7, lon: -9.16 },
]

mkdirSync(FOLDER, { recursive: true })
writeFileSync(new URL('globe.svg', FOLDER), globe())
writeFileSync(new URL('favicon.svg', FOLDER), favicon())
writeFileSync(new URL('contours.svg', FOLDER), contours())
writeFileSync(new URL('grain.png', FOLDER), grain(96))
writeFileSync(new URL('grain@2x.png', FOLDER), grain(192))

function globe() {
  const meridians = range(-180, 150, 30).map((lon) => range(-80, 80, 4).map((lat) => ({ lat, lon })))
  const parallels = range(-60, 60, 20).map((lat) => range(-180, 180, 4).map((lon) => ({ lat, lon })))
  const land = LAND.map((ring) => `<path d="${area(ring)}"/>`).filter((path) => path.includes('L'))
  const ends = WAY.map(project).map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="7"/>`)
  return svg(
    'A globe with a great circle',
    560,
    560,
    `<defs>
<radialGradient id="sea" cx=".36" cy=".3" r=".8"><stop offset="0" stop-color="#3f8fb0"/><stop offset=".55" stop-color="#1d5a7c"/><stop offset="1" stop-color="#0c2a44"/></radialGradient>
<radialGradient id="shade" cx=".36" cy=".3" r=".8"><stop offset=".55" stop-opacity="0"/><stop offset="1" stop-color="#06121f" stop-opacity=".55"/></radialGradient>
<clipPath id="disc"><circle cx="280" cy="280" r="260"/></clipPath>
</defs>
<circle cx="280" cy="280" r="260" fill="url(#sea)"/>
<g clip-path="url(#disc)" fill="#f0e2bd" stroke="#c9b380" stroke-width="1.5" stroke-linejoin="round">${land.join('\n')}</g>
<path d="${[...meridians, ...parallels].map(line).join('')}" fill="none" stroke="#fff" stroke-opacity=".22"/>
<circle cx="280" cy="280" r="260" fill="url(#shade)"/>
<path d="${line(wayPoints(...WAY, 60))}" fill="none" stroke="#ff7a52" stroke-width="4.5" stroke-linecap="round"/>
<g fill="#fff8ea" stroke="#ff7a52" stroke-width="3.5">${ends.join('')}</g>`,
  )
}

function favicon() {
  return svg(
    'Great Circle',
    64,
    64,
    `<circle cx="32" cy="32" r="29" fill="#1d5a7c"/>
<path d="M3 32h58M32 3v58M32 3c-22 17-22 41 0 58M32 3c22 17 22 41 0 58" fill="none" stroke="#cfe6ee" stroke-opacity=".55" stroke-width="2"/>
<path d="M9 44C16 14 42 8 56 24" fill="none" stroke="#ff7a52" stroke-width="6" stroke-linecap="round"/>`,
  )
}

/** Depth lines as on a sea chart; the tile repeats without a seam. */
function contours() {
  const lines = range(0, 570, 30).map((top) => {
    const points = range(0, 900, 30).map((x) => {
      const turn = (x / 900) * 2 * Math.PI
      return `${x} ${(top + 15 + 17 * Math.sin(turn * 2 + top / 70) + 9 * Math.sin(turn * 5 - top / 45)).toFixed(1)}`
    })
    return `M${points.join('L')}`
  })
  return svg(
    'Depth lines',
    900,
    600,
    `<path d="${lines.join('')}" fill="none" stroke="#5d93a8" stroke-opacity=".2" stroke-linejoin="round"/>`,
  )
}

/** The visible part of an outline; corners behind the horizon are drawn onto it. */
function area(ring) {
  const dense = ring.flatMap(([lon, lat], index) => {
    const [nextLon, nextLat] = ring[(index + 1) % ring.length]
    return range(0, 3, 1).map((step) => ({
      lat: lat + ((nextLat - lat) * step) / 4,
      lon: lon + ((nextLon - lon) * step) / 4,
    }))
  })
  const points = dense.map(project)
  if (points.every(({ depth }) => depth < 0)) return ''
  return `M${points.map(({ x, y }) => `${x} ${y}`).join('L')}Z`
}

function line(places) {
  let pen = 'M'
  return places
    .map(project)
    .map(({ x, y, depth }) => {
      const piece = depth < 0 ? '' : `${pen}${x} ${y}`
      pen = depth < 0 ? 'M' : 'L'
      return piece
    })
    .join('')
}

/** Orthographic projection onto a disc of radius 260 around (280, 280). */
function project({ lat, lon }) {
  const [phi, lambda, centre] = [lat, lon - CENTRE.lon, CENTRE.lat].map((angle) => (angle * Math.PI) / 180)
  const x = Math.cos(phi) * Math.sin(lambda)
  const y = Math.cos(centre) * Math.sin(phi) - Math.sin(centre) * Math.cos(phi) * Math.cos(lambda)
  const depth = Math.sin(centre) * Math.sin(phi) + Math.cos(centre) * Math.cos(phi) * Math.cos(lambda)
  const scale = depth < 0 ? 260 / Math.hypot(x, y) : 260
  return { x: (280 + scale * x).toFixed(1), y: (280 - scale * y).toFixed(1), depth }
}

/** A square of faint grey specks as a PNG of grey and alpha (PNG §11.2.2, colour type 4). */
function grain(size) {
  let seed = 7
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const rows = Array.from({ length: size }, () =>
    Buffer.from([
      0,
      ...Array.from({ length: size }, () =>
        random() < 0.12 ? [random() < 0.5 ? 0 : 255, 18] : [0, 0],
      ).flat(),
    ]),
  )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 4, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const pixels = deflateSync(Buffer.concat(rows), { level: 9 })
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

function svg(title, width, height, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">\n<title>${title}</title>\n${content}\n</svg>\n`
}

function range(from, to, step) {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step)
}
