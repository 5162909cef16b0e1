import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second, whatever its own clock does (`USER_HZ`, proc(5)). */
const MS_PER_TICK = 10

/** Milliseconds of processor time in a line of `/proc/PID/stat`: user and system, without children. */
export function parseCpuMs(stat: string): number {
  // The name in parentheses may hold spaces and parentheses, so fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

/** Ticks in a line of `/proc/PID/stat`: the process's own, and those of all its children that have ended. */
export function parseOwnTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

/**
 * The first line of `/proc/stat`: ticks of all cores since the start, and those in which programs had them. Interrupts
 * belong to no program: those of the network, a tenth of the machine under load, are mostly our own.
 */
export function ticksOfMachine(stat: string): { readonly busy: number; readonly all: number } {
  const [line = ''] = stat.split('\n')
  // What follows these is part of them.
  const fields = line.split(/\s+/).slice(1, 9).map(Number)
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = fields
  return { all: fields.reduce((sum, ticks) => sum + ticks, 0), busy: user + nice + system + steal }
}

/** Bytes of a `VmRSS:` or `VmHWM:` line in `/proc/PID/status`; 0 if there is none. */
export function parseMemory(status: string, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)
  return match === null ? 0 : Number(match[1]) * 1024
}

/** Processor time of a process and all below it so far; undefined where there is no `/proc`. */
export function cpuMsOf(pid: number): number | undefined {
  return sumOverTree(pid, (id) => parseCpuMs(readFileSync(`/proc/${id}/stat`, 'utf8')))
}

/** Resident bytes of a process and all below it; shared pages count once per process. */
export function residentBytesOf(pid: number): number | undefined {
  return sumOverTree(pid, (id) => parseMemory(readFileSync(`/proc/${id}/status`, 'utf8'), 'VmRSS'))
}

function sumOverTree(pid: number, read: (pid: number) => number): number | undefined {
  try {
    return familyOf(pid).reduce((sum, id) => sum + read(id), 0)
  } catch {
    return undefined
  }
}

function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}
