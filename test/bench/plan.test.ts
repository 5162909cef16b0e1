import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStages } from '../../bench/plan.ts'
import { SUBJECTS } from '../../bench/result/measurement.ts'
import type { Settings } from '../../bench/subjects/bench.ts'

const settings: Settings = { quick: false, maxFiles: 50_000, profileFolder: undefined }
const runtime = { name: 'Node 20', path: 'node20' }
const newer = { name: 'Node 26', path: 'node26' }
const plan = (more: Partial<Settings> = {}) =>
  planStages(SUBJECTS, { settings: { ...settings, ...more }, runtime, newer })
const minutes = (stages: ReturnType<typeof plan>) =>
  stages.reduce((sum, { seconds }) => sum + seconds, 0) / 60

test('every stage has a name of its own and an expected time', () => {
  for (const stages of [plan(), plan({ quick: true })]) {
    const names = stages.map(({ subject, name }) => `${subject}: ${name}`)
    assert.equal(new Set(names).size, names.length)
    assert.deepEqual(
      stages.filter(({ seconds }) => !(seconds > 0)),
      [],
    )
  }
})

test('a complete run is expected to take about an hour, a quick look about a minute', () => {
  assert.ok(minutes(plan()) < 65, `${minutes(plan())}`)
  const quick = planStages(SUBJECTS, { settings: { ...settings, quick: true }, runtime, newer: undefined })
  assert.ok(minutes(quick) < 1.5, `${minutes(quick)}`)
})

test('every subject has stages, and serving has every profile on both Nodes', () => {
  const stages = plan()
  assert.deepEqual([...new Set(stages.map(({ subject }) => subject))], SUBJECTS)
  const served = stages.filter(({ subject }) => subject === 'serve').map(({ name }) => name)
  for (const node of ['Node 20', 'Node 26']) assert.ok(served.includes(`404, ${node}`), node)
})

test('a complete run opens a report, a quick look does not', () => {
  const names = (quick: boolean) => plan({ quick }).map(({ name }) => name)
  assert.deepEqual(
    [true, false].map((quick) => names(quick).includes('report of 10000 files')),
    [false, true],
  )
})

test('bigger made-up sites than wanted are left out', () => {
  const names = plan({ maxFiles: 1_000 }).map(({ name }) => name)
  assert.ok(names.includes('growth to 1000 files'))
  assert.ok(!names.some((name) => /10000|50000/.test(name)))
})
