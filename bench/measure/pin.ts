import { availableParallelism } from 'node:os'
import type { Tools } from '../setup/tools.ts'

/** Which processes run where: what is measured on one core, what makes the load on another. */
export interface Pinning {
  readonly server: number | undefined
  readonly load: number | undefined
}

/** The last core for the server, the first for the load; nothing is pinned without taskset or a second core. */
export function choosePinning(tools: Tools): Pinning {
  const cores = availableParallelism()
  if (tools.versions.taskset === undefined || cores < 2) return { server: undefined, load: undefined }
  return { server: cores - 1, load: 0 }
}

/** A command line that runs on one core. */
export function pinned(core: number | undefined, command: readonly string[]): readonly [string, ...string[]] {
  const prefix = core === undefined ? [] : ['taskset', '-c', String(core)]
  const [first, ...rest] = [...prefix, ...command]
  if (first === undefined) throw new Error('There is no command to pin.')
  return [first, ...rest]
}
