import { compare } from '../result/comparison.ts'
import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { formatPeriod } from './period.ts'
import { drawPlot, type Plot } from './plot.ts'
import { plotsOf } from './plots.ts'
import { anchorOf, escapeHtml, tableAsHtml } from './table.ts'
import { comparisonTable, goalTable } from './tables.ts'

/** The page `docs/benchmarks.html`: plots first, every table behind them, nothing loaded from elsewhere. */
export async function runsAsHtml(runs: readonly BenchRun[]): Promise<string> {
  const measurements = runs.flatMap((run) => run.measurements)
  const plots = plotsOf(measurements)
  const sections = await Promise.all(
    runs.map((run) =>
      runSection(
        run,
        plots.filter(({ subject }) => subject === run.subject),
      ),
    ),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>fingerpost: benchmarks</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Benchmarks</h1>
<p>How each figure was taken is told in <a href="benchmarks.md">benchmarks.md</a>, which also says how to take them yourself.</p>
<h2 id="goals">Goals</h2>
<div class="wide">${tableAsHtml(goalTable(judgeGoals(measurements)))}</div>
${sections.join('\n')}
</main>
</body>
</html>
`
}

async function runSection(run: BenchRun, plots: readonly Plot[]): Promise<string> {
  const figures = await Promise.all(plots.map(figure))
  const tables = compare(run.measurements).map((comparison) => {
    const table = comparisonTable(comparison)
    return `<h3 id="${anchorOf(table.title)}">${escapeHtml(table.title)}</h3><div class="wide">${tableAsHtml(table)}</div>`
  })
  const facts = run.machine.map(([name, value]) => `<li>${escapeHtml(`${name}: ${value}`)}</li>`)
  const notes = run.notes.map((note) => `<li>note: ${escapeHtml(note.split('\n')[0] ?? '')}</li>`)
  return `<section>
<h2 id="${run.subject}">${run.subject}</h2>
<p><code>${escapeHtml(run.command)}</code> at commit ${escapeHtml(run.revision)}, ${formatPeriod(run)}</p>
${figures.join('\n')}
<details><summary>machine and versions</summary><ul>${facts.join('')}${notes.join('')}</ul></details>
<details><summary>every figure</summary>${tables.join('\n')}</details>
</section>`
}

async function figure({ title, caption, spec }: Plot): Promise<string> {
  const drawing = await drawPlot(spec, escapeHtml(title))
  return `<figure><h3>${escapeHtml(title)}</h3>${drawing}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #ffffff; --soft: #5b646d; --line: #d9dee3 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --paper: #14171a; --soft: #9aa5af; --line: #343b42 } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 860px; margin: 0 auto; padding: 24px 16px 80px }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 56px; border-bottom: 1px solid var(--line) } h3 { font-size: 17px; margin: 0 0 10px }
a { color: inherit } code { font-size: 14px } p, figcaption, li { overflow-wrap: anywhere }
figure { margin: 32px 0 } figcaption { color: var(--soft); font-size: 14px; margin-top: 6px }
svg { display: block } svg text { font-family: system-ui, sans-serif }
.wide { overflow-x: auto; margin-bottom: 24px }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal } th { color: var(--soft); font-weight: normal }
details { margin: 16px 0 } summary { cursor: pointer; color: var(--soft) } details h3 { margin-top: 20px }
`
