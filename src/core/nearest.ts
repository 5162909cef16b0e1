const MOST_NAMES = 3

/**
 * Known names similar to `name`, best first, at most three: those within an edit distance of a third of its length, and
 * those with the same last segment in another folder.
 */
export function nearestNames(name: string, known: Iterable<string>): readonly string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  const lastSegment = name.slice(name.lastIndexOf('/') + 1).toLowerCase()
  const scored: { readonly candidate: string; readonly distance: number }[] = []
  for (const candidate of known) {
    const distance = distanceWithin(name.toLowerCase(), candidate.toLowerCase(), limit)
    if (distance <= limit) scored.push({ candidate, distance })
    else if (candidate.slice(candidate.lastIndexOf('/') + 1).toLowerCase() === lastSegment)
      scored.push({ candidate, distance: limit + 1 })
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return scored.slice(0, MOST_NAMES).map((entry) => entry.candidate)
}

/**
 * Edits between two words — insert, delete, replace, swap neighbours (optimal string alignment) — or `limit + 1` if there
 * are more.
 */
export function distanceWithin(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replace, swap))
    }
    if (Math.min(...row) > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return Math.min(at(last, b.length), limit + 1)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
