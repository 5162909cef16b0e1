import { OURS } from '../result/comparison.ts'
import { judgeGoals } from '../result/goals.ts'
import type { BenchRun, Subject } from '../result/measurement.ts'
import { GOAL_LEGEND, goalSummary, otherGoals, servingGoals } from './goal-tables.ts'
import { type Bar, barsOf, whereAndWhen } from './headlines.ts'
import { STYLE } from './page-style.ts'
import { drawPlot, type Plot } from './plot.ts'
import { plotsOf } from './plots.ts'
import { HEADINGS } from './prose.ts'
import { type Part, type Section, sectionsOf, stagesOf } from './sections.ts'
import { anchorOf, escapeHtml, type Table, tableAsHtml } from './table.ts'

/** The page `docs/benchmarks.html`: goals, plots, the tables behind them; nothing is loaded from elsewhere. */
export async function runsAsHtml(runs: readonly BenchRun[]): Promise<string> {
  const stages = stagesOf(runs)
  const plots = plotsOf(stages.flatMap(({ measurements }) => measurements))
  const goals = judgeGoals(stages)
  const sections = sectionsOf(runs)
  const links = sections.map(({ subject }) => `<a href="#${subject}">${HEADINGS[subject]}</a>`)
  const drawn = await Promise.all(sections.map((section) => sectionAsHtml(section, plots)))
  const tables = [servingGoals(goals, stages), otherGoals(goals)].filter(({ rows }) => rows.length > 0)
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
<header>
<h1>Benchmarks</h1>
<p>How many files a second each program serves, on one core. Longer is better.</p>
${bars(barsOf(runs))}
<p class="soft">Requests a second for twenty files of 3 to 300 KB, prepared as brotli, over 64 connections.
${escapeHtml(whereAndWhen(runs, 'bars'))}</p>
<p>Below: the goals, then every figure beside the programs it is compared with.
<a href="benchmarks.md">benchmarks.md</a> has the short version; benchmarks-in-detail.md explains how each figure is taken.</p>
<nav><a href="#goals">Goals</a>${links.join('')}<a href="#machine">Machine</a></nav>
</header>
<main>
<section>
<h2 id="goals">Goals</h2>
<p class="verdict">${escapeHtml(goalSummary(goals))}</p>
${tables.map((table) => `<h3>${escapeHtml(table.title)}</h3>${wide(table, 'goals')}`).join('\n')}
<p class="soft">${escapeHtml(GOAL_LEGEND)} In all tables, ↑ marks figures of which more is better, ↓ those of which less is.</p>
</section>
${drawn.join('\n')}
<section>
<h2 id="machine">Machine and versions</h2>
${runs.map(runFacts).join('\n')}
</section>
</main>
</body>
</html>
`
}

/** Bars without a library: the first screen needs nothing that has to be explained. */
function bars(all: readonly Bar[]): string {
  const longest = Math.max(...all.map(({ value }) => value))
  const rows = all.map(({ name, value, figure }) => {
    const width = ((value / longest) * 100).toFixed(1)
    const tone = name === OURS ? ' class="ours"' : ''
    return `<dt${tone}>${escapeHtml(name)}</dt><dd${tone}><i style="width:${width}%"></i><b>${escapeHtml(figure)}</b></dd>`
  })
  return `<dl class="bars">${rows.join('')}</dl>`
}

async function sectionAsHtml({ subject, parts }: Section, plots: readonly Plot[]): Promise<string> {
  const figures = await Promise.all(plots.filter((plot) => plot.subject === subject).map(figure))
  return `<section>
<h2 id="${subject}">${HEADINGS[subject]}</h2>
${figures.join('\n')}
<details${figures.length === 0 ? ' open' : ''}><summary>${summaryOf(subject, parts)}</summary>
${parts.map(partAsHtml).join('\n')}
</details>
</section>`
}

function summaryOf(subject: Subject, parts: readonly Part[]): string {
  return `Every figure of ${HEADINGS[subject].toLowerCase()}: ${parts.length} ${parts.length === 1 ? 'table' : 'tables'}`
}

function partAsHtml({ table, origin, notes }: Part): string {
  const remarks = [origin, ...notes.map((note) => `note: ${note}`)].map(escapeHtml).join('<br>')
  return `<h3 id="${anchorOf(table.title)}">${escapeHtml(table.title)}</h3>${wide(table)}<p class="soft">${remarks}</p>`
}

/** A table that scrolls by itself where the screen is narrower than it; the keyboard reaches it too. */
function wide(table: Table, kind = ''): string {
  return `<div class="wide ${kind}" tabindex="0" role="region" aria-label="${escapeHtml(table.title)}">${tableAsHtml(table)}</div>`
}

async function figure({ title, caption, spec }: Plot): Promise<string> {
  const drawing = await drawPlot(spec, escapeHtml(title))
  return `<figure><h3>${escapeHtml(title)}</h3>${drawing}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}

function runFacts({ command, revision, startedAt, machine, notes }: BenchRun): string {
  const facts = [...machine, ...notes.map((note) => ['note', note] as const)].map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  )
  const begun = startedAt.slice(0, 16).replace('T', ' ')
  return `<p><code>${escapeHtml(command)}</code> at commit ${escapeHtml(revision)}, begun ${begun} UTC</p><dl>${facts.join('')}</dl>`
}
