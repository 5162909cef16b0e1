import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandLine } from '../command-line.ts'
import { interleave } from '../measure/rounds.ts'
import { tableAsText } from '../report/table.ts'
import type { Subject } from '../result/measurement.ts'
import { compileSuite } from '../setup/compile.ts'
import { CACHE } from '../setup/folders.ts'
import { revision, thisTree } from '../setup/product.ts'
import { currentRuntime } from '../setup/runtimes.ts'
import { findTools } from '../setup/tools.ts'
import {
  buildMeasurement,
  type ShortMeasurement,
  type Side,
  serveMeasurement,
  startMeasurement,
} from './trials.ts'
import { judgeTrial, type Verdict } from './verdict.ts'

/** Measures this tree against another revision and tells only what differs by more than the measured noise. */
export async function compareRevisions(line: CommandLine, rev: string): Promise<string> {
  await compileSuite()
  await mkdir(CACHE, { recursive: true })
  const there = await revision(rev)
  const work = await mkdtemp(join(CACHE, 'against-'))
  const side = (label: Side['label']): Side => ({
    label,
    product: label === 'there' ? there : thisTree(),
    work: join(work, label),
  })
  try {
    const verdicts: Verdict[] = []
    for (const measurement of chosen(line.subjects)) {
      process.stderr.write(`${measurement.name}\n`)
      verdicts.push(await tryOne(measurement, [side('there'), side('here'), side('again')]))
    }
    return `${report(verdicts, there.name)}\n`
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function chosen(subjects: readonly Subject[]): readonly ShortMeasurement[] {
  const runtime = currentRuntime()
  const tools = findTools()
  const all: readonly (readonly [Subject, ShortMeasurement])[] = [
    ['build', buildMeasurement('cold', runtime)],
    ['build', buildMeasurement('warm', runtime)],
    ['serve', serveMeasurement('20 files', runtime, tools)],
    ['serve', serveMeasurement('1 KB', runtime, tools)],
    ['serve', serveMeasurement('304', runtime, tools)],
    ['startup', startMeasurement(runtime, tools)],
  ]
  return all.filter(([subject]) => subjects.includes(subject)).map(([, measurement]) => measurement)
}

async function tryOne(measurement: ShortMeasurement, sides: readonly Side[]): Promise<Verdict> {
  try {
    for (const side of sides) await measurement.prepare(side)
    const samples = await interleave({
      contestants: sides,
      rounds: measurement.rounds,
      measure: (side) => measurement.measure(side),
      onFailure: (side, error) => process.stderr.write(`${side.label}: ${error.message}\n`),
    })
    const of = (label: Side['label']) => [...samples].find(([side]) => side.label === label)?.[1] ?? []
    const { name, better } = measurement
    return judgeTrial({ name, better, there: of('there'), here: of('here'), again: of('again') })
  } finally {
    await measurement.finish()
  }
}

function report(verdicts: readonly Verdict[], there: string): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const different = verdicts.filter(({ outcome }) => outcome !== 'same')
  const same = verdicts.filter(({ outcome }) => outcome === 'same')
  const rows = different.map(({ name, ratio, noise, outcome }) => [
    name,
    outcome,
    `${ratio > 1 ? '+' : ''}${percent(ratio - 1)}`,
    percent(noise),
  ])
  const quiet = same.map(({ name, noise }) => `no difference beyond ${percent(noise)}: ${name}`)
  const title = `this tree against ${there}`
  const table = tableAsText({ title, head: ['', 'this tree is', 'by', 'noise'], rows })
  return [...(rows.length === 0 ? [title] : [table]), ...quiet].join('\n')
}
