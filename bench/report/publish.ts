import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchRun, StageResult } from '../result/measurement.ts'
import { mergeRuns, type StageName } from '../result/merge-runs.ts'
import { REPOSITORY } from '../setup/folders.ts'
import { installPackages } from '../setup/packages.ts'
import { runsAsMarkdown, summaryAsMarkdown } from './markdown.ts'
import { runsAsHtml } from './page.ts'
import { withFigures } from './readme-figures.ts'

const RESULTS = join(REPOSITORY, 'docs', 'benchmarks.json')
const SUMMARY = join(REPOSITORY, 'docs', 'benchmarks.md')
const DETAILS = join(REPOSITORY, 'docs', 'benchmarks-in-detail.md')
const README = join(REPOSITORY, 'README.md')
const PAGE = join(REPOSITORY, 'docs', 'benchmarks.html')

/** Keeps a run in `docs/benchmarks.json`, its results in the place of older ones of the same stages. */
export async function saveResults(run: BenchRun, known: readonly StageName[]): Promise<void> {
  const all = mergeRuns(await readResults(), { ...run, results: run.results.map(shortened) }, known)
  const temporary = `${RESULTS}.tmp`
  await writeFile(temporary, `${JSON.stringify(all, undefined, 1)}\n`)
  await rename(temporary, RESULTS)
}

/** Writes the pages, and the figures in the README, from what was measured last. */
export async function writePages(): Promise<void> {
  const runs = await readResults()
  await writeFile(SUMMARY, summaryAsMarkdown(runs))
  await writeFile(DETAILS, runsAsMarkdown(runs))
  await installPackages('peers', () => undefined)
  await writeFile(PAGE, await runsAsHtml(runs))
  await writeFile(README, withFigures(await readFile(README, 'utf8'), runs))
}

async function readResults(): Promise<readonly BenchRun[]> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly BenchRun[]
}

/** Samples with as many digits as mean something. */
function shortened(result: StageResult): StageResult {
  const short = (value: number) => Number(value.toPrecision(6))
  const measurements = result.measurements.map((one) => ({
    ...one,
    samples: one.samples.map((sample) => (sample === null ? null : short(sample))),
  }))
  return { ...result, others: result.others === null ? null : short(result.others), measurements }
}
