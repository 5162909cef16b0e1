import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pinned } from '../measure/pin.ts'
import { runCommand } from '../setup/run-command.ts'
import { type LoadGenerator, type LoadPlan, type LoadResult, withoutErrors } from './load.ts'

/** wrk on one thread: a single core makes far more requests than one server process answers. */
export function createWrk(core: number | undefined): LoadGenerator {
  return {
    name: 'wrk',
    async run(plan) {
      const folder = await mkdtemp(join(tmpdir(), 'fingerpost-bench-'))
      try {
        const script = join(folder, 'load.lua')
        await writeFile(script, luaScript(plan))
        const url = `http://${plan.host}:${plan.port}/`
        // wrk takes whole seconds only. Interrupted, it ends as it does by itself, and tells how long it took.
        const shape = ['-t', '1', '-c', String(plan.connections), '-d', `${Math.ceil(plan.seconds) + 1}s`]
        const [command, ...args] = pinned(core, ['wrk', ...shape, '--timeout', '10s', '-s', script, url])
        const interruptAfterMs = plan.seconds * 1000
        const { stdout } = await runCommand({ command, args, interruptAfterMs, timeoutMs: 60_000 })
        return withoutErrors(parseWrk(stdout, plan.status))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/**
 * The script that wrk runs: every request is put together beforehand, so that asking for twenty files costs wrk no
 * more than asking for one. Its last line of output is JSON.
 */
export function luaScript(plan: Pick<LoadPlan, 'paths' | 'headers'>): string {
  const headers = Object.entries(plan.headers).map(([name, value]) => `[${quote(name)}] = ${quote(value)}`)
  return `local paths = { ${plan.paths.map(quote).join(', ')} }
local headers = { ${headers.join(', ')} }
local requests = {}
local turn = 0
function init()
  for i, path in ipairs(paths) do requests[i] = wrk.format('GET', path, headers) end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%f,"bytes":%d,"p50":%f,"p99":%f,"failed":%d,"refused":%d}\\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.timeout, e.status))
end
`
}

/** Reads the JSON line. wrk counts answers of 400 and more as errors; where those are planned, all others are. */
export function parseWrk(output: string, status: number): LoadResult {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  const { failed, refused, ...result } = JSON.parse(line) as Record<
    'requests' | 'seconds' | 'bytes' | 'p50' | 'p99' | 'failed' | 'refused',
    number
  >
  const wrongStatus = status >= 400 ? result.requests - refused : refused
  return { ...result, errors: failed + wrongStatus }
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}
