import type { Output } from './output.ts'
import { formatCount } from './unit.ts'

/** How far a long command has come. */
export interface ProgressState {
  /** One word or two: `encode`. */
  readonly step: string
  readonly done: number
  /** 0 while it is unknown. */
  readonly total: number
  /** The finished share of the work, from 0 to 1. Default: `done / total`; large files take longer than small ones. */
  readonly share?: number
}

/** Shows progress. */
export interface Progress {
  show(state: ProgressState): void
  /** Removes the line, so that other text can be written. */
  clear(): void
}

/** Milliseconds between two updates of a terminal. */
const REDRAW_MS = 80

/** Milliseconds between two lines about the same step in a log. */
const LINE_MS = 10_000

const BAR_WIDTH = 24

/** On a terminal one line that is redrawn; elsewhere a line per step, and another every ten seconds. */
export function createProgress(output: Output, now: () => number): Progress {
  return output.isTerminal ? createLine(output, now) : createLog(output, now)
}

/** Shows nothing, for `--json`. */
export const SILENT_PROGRESS: Progress = { show() {}, clear() {} }

function createLine(output: Output, now: () => number): Progress {
  let drawnAt = Number.NEGATIVE_INFINITY
  let visible = false
  let step = ''
  return {
    show(state) {
      // A new step shows at once: its first file may take long.
      if (state.step === step && state.done > 0 && now() - drawnAt < REDRAW_MS) return
      drawnAt = now()
      step = state.step
      visible = true
      output.redraw(drawLine(state, output))
    },
    clear() {
      if (visible) output.redraw('')
      visible = false
      drawnAt = Number.NEGATIVE_INFINITY
    },
  }
}

function createLog(output: Output, now: () => number): Progress {
  let shown = { step: '', at: 0 }
  return {
    show(state) {
      const { step } = state
      if (step === shown.step && now() - shown.at < LINE_MS) return
      const continued = step === shown.step
      shown = { step, at: now() }
      output.write(continued ? `${step} ${formatPortion(state)}\n` : `${step} …\n`)
    },
    clear() {},
  }
}

function drawLine(state: ProgressState, { style, columns }: Output): string {
  const { step, done, total, share = done / total } = state
  const label = step.padEnd(8)
  const portion = formatPortion(state)
  // The last column stays free: some terminals wrap a full line, and the next redraw would miss its first part.
  const room = columns() - 1
  if (total === 0 || room < label.length + BAR_WIDTH + portion.length + 2) {
    return style.bold(`${label} ${portion}`.slice(0, Math.max(0, room)))
  }
  const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH))
  const bar = `${style.green('━'.repeat(filled))}${style.dim('━'.repeat(BAR_WIDTH - filled))}`
  return `${style.bold(label)} ${bar} ${portion}`
}

function formatPortion({ done, total }: ProgressState): string {
  return total === 0 ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`
}
