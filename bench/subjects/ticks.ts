import { choosePinning } from '../measure/pin.ts'
import { runForJson } from '../measure/pinned-json.ts'
import { interleave } from '../measure/rounds.ts'
import { OURS } from '../result/comparison.ts'
import type { TickTimes } from '../servers/tick-process.ts'
import { compiled } from '../setup/compile.ts'
import type { Runtime } from '../setup/runtimes.ts'
import { type Bench, type PlanSubject, recordMetric } from './bench.ts'

const ROUNDS = 5

/** What `process.nextTick` takes after an idle time, with the plugin and without: every answer takes several ticks. */
export const planTicks: PlanSubject = ({ settings, runtime, newer }) =>
  settings.quick
    ? []
    : [runtime, ...(newer === undefined ? [] : [newer])].map((on) => ({
        ...{ subject: 'serve', name: `nextTick, ${on.name}`, seconds: 2 * ROUNDS * 1.6 },
        measure: (bench) => measureTicks(bench, on),
      }))

async function measureTicks(bench: Bench, { name: runtime, path }: Runtime): Promise<void> {
  const contestants = [
    { contestant: OURS, args: ['hold'] },
    { contestant: 'Node alone', args: [] },
  ]
  const { server: core } = choosePinning(bench.tools)
  const samples = await interleave({
    contestants,
    rounds: ROUNDS,
    measure({ args }) {
      const line = [path, '--expose-gc', compiled('servers/tick-process.ts'), ...args]
      return runForJson<TickTimes>(core, line, 60_000)
    },
    onRound: bench.onRound,
    onFailure: ({ contestant }, error) => bench.note(`${contestant}: ${error.message}`),
  })
  for (const [{ contestant }, times] of samples) {
    const about = { subject: 'serve', profile: `nextTick, ${runtime}`, contestant, runtime } as const
    const after = { metric: 'a tick after an idle time', unit: 'ns', better: 'less' } as const
    const before = { metric: 'before it', unit: 'ns', better: 'less' } as const
    recordMetric(bench, about, after, times, ({ afterIdleNs }) => afterIdleNs)
    recordMetric(bench, about, before, times, ({ busyNs }) => busyNs)
  }
}
