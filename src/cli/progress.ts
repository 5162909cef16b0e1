import type { Output } from './output.ts'
import { formatCount } from './unit.ts'

/** Where a long command has got to. */
export interface ProgressState {
  /** One word or two: `encode`. */
  readonly step: string
  readonly done: number
  /** 0 where nobody knows yet. */
  readonly total: number
  /** How much of the work is done, from 0 to 1, where that isn't `done / total`: large files take longer. */
  readonly share?: number
}

/** Shows progress and gets out of the way. */
export interface Progress {
  show(state: ProgressState): void
  /** Takes the line away, so that other text can be written. */
  clear(): void
}

/** Milliseconds between two drawings: faster is only flicker. */
const REDRAW_MS = 80

/** Milliseconds between two lines about one step where lines can't be redrawn. */
const LINE_MS = 10_000

const BAR_WIDTH = 24

/** On a terminal one line, drawn over; elsewhere a plain line for each step, and every ten seconds within a long one. */
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
      // A new step is drawn at once: it may be long, and silent until its first file is done.
      if (state.step === step && state.done > 0 && now() - drawnAt < REDRAW_MS) return
      drawnAt = now()
      step = state.step
      visible = true
      // One write that draws over and then wipes the rest: nothing is ever blank in between.
      output.write(`\r${drawLine(state, output)}\u001b[K`)
    },
    clear() {
      if (visible) output.write('\r\u001b[K')
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
  // The last column stays free: a full line would wrap in some terminals, and the next \r would leave it behind.
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
