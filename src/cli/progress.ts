import { formatCount } from '../report/unit.ts'
import type { Output } from './output.ts'

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

/** Shows nothing, for `--json`. */
export const SILENT_PROGRESS: Progress = { show() {}, clear() {} }

/** On a terminal one line that is redrawn; elsewhere a line per step, and another every ten seconds. */
export function createProgress(output: Output, now: () => number): Progress {
  const { isTerminal } = output
  let step = ''
  let shownAt = 0
  return {
    show(state) {
      const isNew = state.step !== step
      if (!isNew && now() - shownAt < (isTerminal ? REDRAW_MS : LINE_MS)) return
      step = state.step
      shownAt = now()
      if (isTerminal) output.redraw(drawLine(state, output))
      else output.write(isNew ? `${step} …\n` : `${step} ${formatPortion(state)}\n`)
    },
    clear() {
      if (!isTerminal || step === '') return
      output.redraw('')
      step = ''
    },
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
