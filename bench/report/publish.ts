import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchRun, SUBJECTS } from '../result/measurement.ts'
import { REPOSITORY } from '../setup/folders.ts'
import { installPackages } from '../setup/packages.ts'
import { runsAsMarkdown } from './markdown.ts'
import { runsAsHtml } from './page.ts'

const RESULTS = join(REPOSITORY, 'docs', 'benchmarks.json')
const MARKDOWN = join(REPOSITORY, 'docs', 'benchmarks.md')
const PAGE = join(REPOSITORY, 'docs', 'benchmarks.html')

/** Keeps runs in `docs/benchmarks.json`, each in the place of the last run of its subject, and writes the pages. */
export async function publish(runs: readonly BenchRun[]): Promise<void> {
  const fresh = new Set(runs.map(({ subject }) => subject))
  const kept = (await readResults()).filter(({ subject }) => !fresh.has(subject))
  const all = [...kept, ...runs].sort((a, b) => SUBJECTS.indexOf(a.subject) - SUBJECTS.indexOf(b.subject))
  await writeFile(RESULTS, `${JSON.stringify(all.map(shortened), undefined, 1)}\n`)
  await writePages()
}

/** Writes the pages again from what was measured last. */
export async function writePages(): Promise<void> {
  const runs = await readResults()
  await writeFile(MARKDOWN, runsAsMarkdown(runs))
  await installPackages('peers', () => undefined)
  await writeFile(PAGE, await runsAsHtml(runs))
}

async function readResults(): Promise<readonly BenchRun[]> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly BenchRun[]
}

/** Samples with as many digits as mean something. */
function shortened(run: BenchRun): BenchRun {
  const measurements = run.measurements.map((one) => ({
    ...one,
    samples: one.samples.map((sample) => (sample === null ? null : Number(sample.toPrecision(6)))),
  }))
  return { ...run, measurements }
}
