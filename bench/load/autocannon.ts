import { pinned } from '../measure/pin.ts'
import { compiled } from '../setup/compile.ts'
import { runCommand } from '../setup/run-command.ts'
import { type LoadGenerator, type LoadResult, withoutErrors } from './load.ts'

/** autocannon in a process of its own. It is slower than the servers it measures: a stand-in where wrk is missing. */
export function createAutocannon(core: number | undefined): LoadGenerator {
  return {
    name: 'autocannon',
    async run(plan) {
      const script = compiled('load/autocannon-process.ts')
      const [command, ...args] = pinned(core, [process.execPath, script, JSON.stringify(plan)])
      const { stdout } = await runCommand({ command, args, timeoutMs: plan.seconds * 1000 + 30_000 })
      return withoutErrors(JSON.parse(stdout) as LoadResult)
    },
  }
}
