import { availableParallelism, cpus, getPriority, release, totalmem, type } from 'node:os'

/** What the figures were measured on, line by line. */
export function describeMachine(): readonly (readonly [string, string])[] {
  const model = cpus()[0]?.model.trim() ?? 'unknown'
  return [
    ['processor', `${model}, ${availableParallelism()} cores`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${type()} ${release()}`],
    ...(getPriority() === 0 ? [] : [['priority', `nice ${getPriority()}`] as const]),
  ]
}
