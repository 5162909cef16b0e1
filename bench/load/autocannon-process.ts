import autocannon from 'autocannon'
import type { LoadPlan, LoadResult } from './load.ts'

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan
const found = await autocannon({
  url: `http://${plan.host}:${plan.port}`,
  connections: plan.connections,
  duration: plan.seconds,
  requests: plan.paths.map((path) => ({ method: 'GET', path, headers: { ...plan.headers } })),
})
const wanted = found.statusCodeStats?.[`${plan.status}`]?.count ?? 0
const result: LoadResult = {
  requests: found.requests.total,
  seconds: found.duration,
  bytes: found.throughput.total,
  p50: found.latency.p50,
  p99: found.latency.p99,
  errors: found.errors + found.timeouts + (found.requests.total - wanted),
}
process.stdout.write(JSON.stringify(result))
