import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildArguments, programOf } from '../builders/build-site.ts'
import { firstPaint, openChromium } from '../measure/browser.ts'
import { growthSource } from '../profiles/sites.ts'
import { OURS } from '../result/comparison.ts'
import { runCommand } from '../setup/run-command.ts'
import { type Bench, type PlanSubject, recordMetric } from './bench.ts'

const FILES = 10_000
const ROUNDS = 5
const TIMEOUT_MS = 300_000

/** How soon the report of a large site shows in a browser. A quick look leaves it out. */
export const planReportPage: PlanSubject = ({ settings: { quick, maxFiles } }) =>
  quick || maxFiles < FILES
    ? []
    : [{ subject: 'build', name: `report of ${FILES} files`, seconds: 25, measure: measureReportPage }]

async function measureReportPage(bench: Bench): Promise<void> {
  const folder = join(bench.work, 'report')
  await mkdir(folder, { recursive: true })
  const report = join(folder, 'report.html')
  const build = buildArguments(await growthSource(FILES), join(folder, 'static'))
  await runCommand({
    command: bench.runtime.path,
    // How well files are compressed does not matter to the page, only that it shows their variants.
    args: [programOf(bench.product.dist), ...build, '--quality', 'fast', '--report', report],
    ...{ cwd: folder, timeoutMs: TIMEOUT_MS },
  })
  const visits = []
  for (let round = 0; round < ROUNDS; round++) {
    bench.onRound(round, ROUNDS)
    visits.push(await openReport(report, join(folder, `profile ${round}`)))
  }
  const about = { subject: 'build', profile: `report of ${FILES} files`, contestant: OURS } as const
  for (const metric of ['load event', 'first paint'] as const) {
    const owner = { ...about, runtime: bench.runtime.name }
    recordMetric(bench, owner, { metric, unit: 'ms', better: 'less' }, visits, (visit) => visit[metric])
  }
}

/** Opens the page in a browser that has just started. Milliseconds from the start of the navigation. */
async function openReport(
  report: string,
  profile: string,
): Promise<Record<'load event' | 'first paint', number>> {
  const browser = await openChromium(profile)
  try {
    const page = await browser.newPage()
    await page.goto(pathToFileURL(report).href)
    const paint = await firstPaint(page)
    const load = await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd")
    return { 'load event': load, 'first paint': paint }
  } finally {
    await browser.close()
  }
}
