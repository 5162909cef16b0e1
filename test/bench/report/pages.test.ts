import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsAsMarkdown } from '../../../bench/report/markdown.ts'
import { formatPeriod } from '../../../bench/report/period.ts'
import { plotsOf } from '../../../bench/report/plots.ts'
import type { BenchRun, Measurement, StageResult, Subject } from '../../../bench/result/measurement.ts'

const measured = (subject: Subject, profile: string, contestant: string, metric: string, samples: number[]) =>
  ({
    ...{ subject, profile, contestant, runtime: 'Node 20', metric, unit: 'ms', better: 'less', samples },
  }) as Measurement

const result: StageResult = {
  ...{ subject: 'build', stage: 'bootstrap, cold', load: [1.2, 2.05], others: 0.01 },
  ...{ startedAt: '2026-01-31T09:05:00.000Z', finishedAt: '2026-01-31T09:40:59.000Z' },
  notes: ['gulp-rev: exit 1'],
  measurements: [
    measured('build', 'bootstrap, cold', 'fingerpost', 'wall time', [110, 120]),
    measured('build', 'bootstrap, cold', 'compression floor', 'wall time', [100, 100]),
    measured('build', '100 files, warm', 'fingerpost', 'wall time', [10]),
    measured('build', '1000 files, warm', 'fingerpost', 'wall time', [20]),
  ],
}

const run: BenchRun = {
  ...{ command: 'npm run bench -- build', startedAt: result.startedAt, revision: '0123456789' },
  machine: [['processor', 'Abacus, 2 cores']],
  notes: ['no nginx: nginx is left out'],
  results: [result],
}

test('the page names command, revision, time, neighbours, machine and notes beside the figures', () => {
  const page = runsAsMarkdown([run])
  for (const text of [
    '`npm run bench -- build` at commit 0123456789, begun 2026-01-31 09:05 UTC',
    '*commit 0123456789, 2026-01-31 09:05 to 09:40 UTC, load average 1.2 to 2.0, other programs had 1 % of the machine*',
    '- processor: Abacus, 2 cores',
    '- note: no nginx: nginx is left out',
    'note: gulp-rev: exit 1',
    '### build: bootstrap, cold',
    '| compression floor (Node 20) | 100 ms | 100 ms – 100 ms | 1.15 × | 1.13 × – 1.18 × | 2 |',
  ]) {
    assert.ok(page.includes(text), text)
  }
})

test('goals that were missed are said to be missed', () => {
  assert.match(
    runsAsMarkdown([run]),
    /bootstrap, cold, wall time, against compression floor .* \*\*1\.15 × ✗\*\*/,
  )
})

test('a disturbed figure is said to be disturbed', () => {
  const page = runsAsMarkdown([{ ...run, results: [{ ...result, others: 0.4 }] }])
  assert.match(page, /other programs had 40 % of the machine: disturbed/)
  assert.match(page, /1\.15 ×\* ✗/)
})

test('sites of growing size stand in one table, a line per size', () => {
  assert.match(
    runsAsMarkdown([run]),
    /### build: growth\n\n.*\n.*\n\| 100 files .*10\.0 ms.*\n\| 1 000 files .*20\.0 ms/,
  )
})

test('every figure has a direction beside it', () => {
  const page = runsAsMarkdown([run])
  const heads = [...page.matchAll(/^(\|.*)\n\| --- \|/gm)].map(([, head = '']) => head)
  assert.ok(heads.length > 2)
  const others = new Set(['', 'goal', 'measured', 'rounds', 'middle half'])
  for (const head of heads) {
    const cells = head.slice(2, -2).split(' | ')
    for (const cell of cells) assert.ok(others.has(cell) || /[↑↓]$/.test(cell), `${cell} in ${head}`)
  }
  assert.match(page, /\| bootstrap, cold, wall time, against compression floor ↓ \| at most /)
  for (const { title, caption } of plotsOf(result.measurements))
    assert.match(caption, /is better|is faster/, title)
})

test('only what was measured is drawn', () => {
  assert.deepEqual(
    plotsOf(result.measurements).map(({ title }) => title),
    ['Building real packages', 'Build time as a site grows'],
  )
  assert.deepEqual(plotsOf([]), [])
})

test('a run over midnight names both days', () => {
  const late = { ...result, finishedAt: '2026-02-01T00:10:00.000Z' }
  assert.equal(formatPeriod(late), '2026-01-31 09:05 to 2026-02-01 00:10 UTC')
})
