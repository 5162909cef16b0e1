// Spherical trigonometry, used by the server for its tables and by the browser for its lines.

/** Mean radius of the Earth in kilometres (IUGG). */
export const EARTH_RADIUS_KM = 6371.0088

/** Kilometres of one nautical mile, exactly. */
export const KM_PER_NAUTICAL_MILE = 1.852

const radians = (degrees) => (degrees * Math.PI) / 180
const degrees = (radians) => (radians * 180) / Math.PI

/** Kilometres along the great circle (haversine formula, which stays exact for near points). */
export function distanceKm(from, to) {
  const latitude = Math.sin(radians(to.lat - from.lat) / 2) ** 2
  const longitude = Math.sin(radians(to.lon - from.lon) / 2) ** 2
  const h = latitude + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * longitude
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** The course at departure in degrees clockwise from north, 0 up to 360. */
export function bearing(from, to) {
  const [a, b, turn] = [radians(from.lat), radians(to.lat), radians(to.lon - from.lon)]
  const east = Math.sin(turn) * Math.cos(b)
  const north = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn)
  return (degrees(Math.atan2(east, north)) + 360) % 360
}

/** Kilometres along the rhumb line, the course of constant bearing that Mercator draws straight. */
export function rhumbKm(from, to) {
  const isometric = (lat) => Math.log(Math.tan(Math.PI / 4 + radians(lat) / 2))
  const [dLat, dPsi] = [radians(to.lat - from.lat), isometric(to.lat) - isometric(from.lat)]
  const stretch = Math.abs(dPsi) > 1e-12 ? dLat / dPsi : Math.cos(radians(from.lat))
  return EARTH_RADIUS_KM * Math.hypot(dLat, stretch * radians(shortestTurn(to.lon - from.lon)))
}

/** The way in `steps` equal parts. Longitudes run on past 180° rather than jump, so that a line can be drawn. */
export function wayPoints(from, to, steps) {
  const angle = distanceKm(from, to) / EARTH_RADIUS_KM
  const [start, end] = [vector(from), vector(to)]
  const points = []
  for (let step = 0; step <= steps; step++) {
    const part = step / steps
    const [a, b] = [Math.sin((1 - part) * angle) / Math.sin(angle), Math.sin(part * angle) / Math.sin(angle)]
    const { lat, lon } = place(start.map((value, axis) => a * value + b * end[axis]))
    points.push({ lat, lon: step === 0 ? from.lon : unwrap(lon, points[step - 1].lon) })
  }
  return points
}

/** A longitude moved by whole turns to lie nearest to another. */
export function unwrap(lon, near) {
  return near + shortestTurn(lon - near)
}

function shortestTurn(turn) {
  return ((((turn + 180) % 360) + 360) % 360) - 180
}

function vector({ lat, lon }) {
  const [phi, lambda] = [radians(lat), radians(lon)]
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

function place([x, y, z]) {
  return { lat: degrees(Math.atan2(z, Math.hypot(x, y))), lon: degrees(Math.atan2(y, x)) }
}
