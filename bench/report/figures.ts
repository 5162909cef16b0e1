const MB = 1_000_000

/** A number as short as its precision allows: three digits that count, thousands with a narrow space. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ')
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** A figure with its unit: bytes as MB, milliseconds from 10,000 on as seconds. */
export function formatFigure(value: number, unit: string): string {
  if (unit === 'B') return `${formatNumber(value / MB)} MB`
  if (unit === 'ms' && Math.abs(value) >= 10_000) return `${formatNumber(value / 1000)} s`
  if (unit === '1/s') return `${formatNumber(value)}/s`
  if (unit === '') return formatNumber(value)
  return unit === '×' ? `${value.toFixed(value < 0.1 ? 3 : 2)} ×` : `${formatNumber(value)} ${unit}`
}

/** Two figures as a range, the unit said once where both have the same. */
export function formatRange(low: number, high: number, unit: string): string {
  return `${formatFigure(low, unit)} – ${formatFigure(high, unit)}`
}
