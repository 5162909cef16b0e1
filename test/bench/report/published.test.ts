import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { median } from '../../../bench/measure/statistics.ts'
import { runsAsMarkdown, summaryAsMarkdown } from '../../../bench/report/markdown.ts'
import { plotsOf } from '../../../bench/report/plots.ts'
import { withFigures } from '../../../bench/report/readme-figures.ts'
import { stagesOf } from '../../../bench/report/sections.ts'
import { anchorOf, escapeHtml } from '../../../bench/report/table.ts'
import type { BenchRun } from '../../../bench/result/measurement.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const runs = JSON.parse(read('docs/benchmarks.json')) as readonly BenchRun[]

test('the published pages are what the suite writes from the published figures', () => {
  assert.equal(read('docs/benchmarks.md'), summaryAsMarkdown(runs), 'npm run bench -- report')
  assert.equal(read('docs/benchmarks-in-detail.md'), runsAsMarkdown(runs), 'npm run bench -- report')
})

test('the published web page has a plot for everything that was measured', () => {
  const page = read('docs/benchmarks.html')
  const missing = plotsOf(stagesOf(runs).flatMap(({ measurements }) => measurements)).filter(
    ({ title }) => !page.includes(`aria-label="${escapeHtml(title)}"`),
  )
  assert.deepEqual(
    missing.map(({ title }) => title),
    [],
  )
})

test('every stage is published once, from a full run of a commit', () => {
  const stages = stagesOf(runs).map(({ subject, stage }) => `${subject}: ${stage}`)
  assert.equal(new Set(stages).size, stages.length)
  for (const { command, revision } of runs) {
    assert.doesNotMatch(command, /--quick/)
    assert.match(revision, /^[0-9a-f]{10}$/)
  }
})

test("the README's figures are what the suite writes from the published figures", () => {
  assert.equal(read('README.md'), withFigures(read('README.md'), runs), 'npm run bench -- report')
})

test('the six figures of the README have the days on which they were measured, and the machine', () => {
  const text = read('README.md')
  const [, table = ''] = text.split('<!-- figures:')
  assert.equal(table.match(/^\| (?!---| \|).*\| (?:higher|lower) \|$/gm)?.length, 6)
  const days = stagesOf(runs)
    .filter(
      ({ subject, stage }) =>
        /^(20 files, Node 20|bootstrap, (cold|warm)|10000 assets)/.test(stage) && subject !== 'memory',
    )
    .map(({ startedAt }) => startedAt.slice(0, 10))
    .sort()
  const when = days[0] === days.at(-1) ? `on ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`
  assert.match(table, new RegExp(`^Measured ${when} on .+ cores, Node \\d+\\.`, 'm'))
})

test('the table on npm packages has the published figures', () => {
  const found = runs.flatMap(({ results }) => results).find(({ subject }) => subject === 'packages')
  const figure = (contestant: string, profile: string, metric: string) => {
    const one = found?.measurements.find(
      (each) => each.contestant === contestant && each.profile === profile && each.metric === metric,
    )
    return median((one?.samples ?? []).filter((sample) => sample !== null))
  }
  const page = read('docs/npm-packages.md')
  for (const contestant of new Set(found?.measurements.map((one) => one.contestant))) {
    const cells = ['first visit', 'one line edited', 'three updated'].map((profile) => {
      const [requests, kilobytes, paint] = ['requests', 'download', 'first paint'].map((metric) =>
        figure(contestant, profile, metric),
      ) as [number, number, number]
      const size = kilobytes.toFixed(kilobytes < 10 ? 1 : 0)
      return `${requests}, ${size} kB, ${(paint / 1000).toFixed(1)} s`
    })
    const name = contestant.replace('import map, dictionaries', 'import map, [dictionaries](dictionaries.md)')
    const row = `| ${name} | ${cells.join(' | ')} |`
    assert.ok(page.includes(`\n${row}\n`), `docs/npm-packages.md lacks the row\n${row}`)
  }
  assert.equal(found?.measurements.length, 36)
})

test('figures in the README lead to the tables they come from', () => {
  const anchors = new Set(
    [...read('docs/benchmarks-in-detail.md').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      anchorOf(title),
    ),
  )
  const links = [...read('README.md').matchAll(/docs\/benchmarks-in-detail\.md#([^)\s]+)/g)].map(
    ([, anchor = '']) => anchor,
  )
  assert.ok(links.length > 5, 'claims with links')
  assert.deepEqual(
    links.filter((anchor) => !anchors.has(anchor)),
    [],
  )
})

test('the published web page loads nothing and names no path of the machine it was made on', () => {
  const page = read('docs/benchmarks.html')
  assert.doesNotMatch(page, /<(script|link|img|iframe)\b|\bsrc=|@import|url\(/)
  for (const file of ['docs/benchmarks.html', 'docs/benchmarks-in-detail.md', 'docs/benchmarks.json']) {
    assert.doesNotMatch(read(file), /\/(tmp|root|home|work)\//)
  }
})
