import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsAsMarkdown } from '../../../bench/report/markdown.ts'
import { formatPeriod } from '../../../bench/report/period.ts'
import { plotsOf } from '../../../bench/report/plots.ts'
import type { BenchRun, Measurement, Subject } from '../../../bench/result/measurement.ts'

const measured = (subject: Subject, profile: string, contestant: string, metric: string, samples: number[]) =>
  ({
    ...{ subject, profile, contestant, runtime: 'Node 20', metric, unit: 'ms', better: 'less', samples },
  }) as Measurement

const run: BenchRun = {
  subject: 'build',
  command: 'npm run bench -- build',
  startedAt: '2026-01-31T09:05:00.000Z',
  finishedAt: '2026-01-31T09:40:59.000Z',
  revision: '0123456789',
  machine: [['processor', 'Abacus, 2 cores']],
  notes: ['no nginx: nginx is left out'],
  measurements: [
    measured('build', 'bootstrap, cold', 'fingerpost', 'wall time', [110, 120]),
    measured('build', 'bootstrap, cold', 'compression floor', 'wall time', [100, 100]),
    measured('build', '100 files, warm', 'fingerpost', 'wall time', [10]),
    measured('build', '1000 files, warm', 'fingerpost', 'wall time', [20]),
  ],
}

test('the page names command, revision, time, machine and notes beside the figures', () => {
  const page = runsAsMarkdown([run])
  for (const text of [
    '`npm run bench -- build` at commit 0123456789, 2026-01-31 09:05 to 09:40 UTC',
    '- processor: Abacus, 2 cores',
    '- note: no nginx: nginx is left out',
    '#### build: bootstrap, cold, wall time',
    '| compression floor (Node 20) | 100 ms | 100 ms – 100 ms | 2 | 1.15 × | 1.13 × – 1.18 × |',
  ]) {
    assert.ok(page.includes(text), text)
  }
})

test('goals that were missed are said to be missed', () => {
  assert.match(
    runsAsMarkdown([run]),
    /bootstrap, cold, wall time, against compression floor .* 1\.15 × .* missed \|/,
  )
})

test('only what was measured is drawn', () => {
  assert.deepEqual(
    plotsOf(run.measurements).map(({ title }) => title),
    ['Building real packages', 'Build time as a site grows'],
  )
  assert.deepEqual(plotsOf([]), [])
})

test('a run over midnight names both days', () => {
  const late = { ...run, finishedAt: '2026-02-01T00:10:00.000Z' }
  assert.equal(formatPeriod(late), '2026-01-31 09:05 to 2026-02-01 00:10 UTC')
})
