import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { Storage, StoredFile } from '../../storage/storage.ts'
import type { BuildEvent } from '../report.ts'

/** How to hold an output. */
export interface LockOptions {
  readonly report: (event: BuildEvent) => void
  readonly signal: AbortSignal
  /** Seconds to wait for another holder. Default `LIMITS.lockWaitSeconds`. */
  readonly waitSeconds?: number
}

/** The holder of an output. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** Start time as the system tells it: a process that got the same number later has another. */
  readonly processStart: string
  readonly since: Date
}

/** The folder of an output for files that are temporary and not part of the site. */
export const OWN_FOLDER = '.fingerpost/'

const LOCK_PREFIX = `${OWN_FOLDER}lock-`

/** Milliseconds between two looks at another lock. A random part keeps two waiters from looking in step forever. */
const LOOK_AGAIN_MS = 100

/**
 * Does something while no other build, prune or repair works on the same output. Each one first saves a lock of its own
 * and then looks for others: of two that start together at least one sees the other, so never both go on. The lock of a
 * dead process is removed, and so are its half-written files.
 *
 * @throws FingerpostError `FP_LOCKED` naming the holder, if it doesn't finish in time
 */
export async function withLock<T>(
  storage: Storage,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const key = await acquire(storage, options)
  try {
    return await work()
  } finally {
    await storage.delete(key)
  }
}

async function acquire(storage: Storage, { report, signal, waitSeconds }: LockOptions): Promise<string> {
  const deadline = performance.now() + (waitSeconds ?? LIMITS.lockWaitSeconds) * 1000
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted()
    const key = await saveLock(storage)
    const { holder, isRecovered } = await findOthers(storage, key)
    if (holder === undefined) {
      // A process that died while it saved its lock left half of one.
      if (isRecovered) await storage.sweep()
      else await storage.sweep(new Date(Date.now() - LIMITS.lockAnnounceSeconds * 1000), OWN_FOLDER)
      return key
    }
    await storage.delete(key)
    const ageSeconds = Math.max(0, Math.round((Date.now() - holder.since.getTime()) / 1000))
    if (performance.now() > deadline) throw locked(storage.name, holder, ageSeconds)
    if (isFirst) report({ kind: 'waiting', pid: holder.pid, ageSeconds })
    await setTimeout(LOOK_AGAIN_MS * (1 + Math.random()), undefined, { signal })
  }
}

async function saveLock(storage: Storage): Promise<string> {
  const holder = { pid: process.pid, host: hostname(), processStart: startOf(process.pid) }
  const key = `${LOCK_PREFIX}${randomBytes(8).toString('hex')}`
  const content = Buffer.from(`${JSON.stringify(holder)}\n`)
  try {
    await storage.save(key, content)
  } catch (error) {
    // A process that recovers a dead one's lock may have swept this one half-written. It does so only once.
    if (!(error instanceof FingerpostError && error.code === 'FP_NOT_FOUND')) throw error
    await storage.save(key, content)
  }
  return key
}

/** The first live holder, and whether a dead one's lock was removed. */
async function findOthers(storage: Storage, own: string) {
  let isRecovered = false
  for await (const file of storage.list(LOCK_PREFIX)) {
    const holder = file.key === own ? undefined : await readHolder(storage, file)
    if (holder === undefined) continue
    if (isAlive(holder)) return { holder, isRecovered }
    await storage.delete(file.key)
    isRecovered = true
  }
  return { holder: undefined, isRecovered }
}

/** Undefined if the lock has been released. */
async function readHolder(storage: Storage, { key, modifiedAt }: StoredFile): Promise<Holder | undefined> {
  try {
    const { pid, host, processStart } = JSON.parse((await storage.read(key)).toString())
    return { pid: Number(pid), host: String(host), processStart: String(processStart), since: modifiedAt }
  } catch (error) {
    if (error instanceof FingerpostError && error.code === 'FP_NOT_FOUND') return undefined
    // Damaged: its age decides.
    if (error instanceof SyntaxError) return { pid: 0, host: '', processStart: '', since: modifiedAt }
    throw error
  }
}

function isAlive({ pid, host, processStart, since }: Holder): boolean {
  if (host !== hostname()) return Date.now() - since.getTime() < LIMITS.lockMaxAgeSeconds * 1000
  const start = startOf(pid)
  if (start !== '') return start === processStart
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isSystemError(error, 'EPERM')
  }
}

/** Field 22 of /proc/PID/stat (proc(5)), ticks since boot; `ended` for a zombie; '' where there is no such file. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may contain spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

function locked(output: string, { pid, host }: Holder, ageSeconds: number): FingerpostError {
  const holder = `process ${pid} on ${host || 'an unknown machine'}`
  return new FingerpostError('FP_LOCKED', `${output} has been held by ${holder} for ${ageSeconds} seconds.`, {
    remedy: `Wait for it, or stop it. If it no longer runs, remove ${LOCK_PREFIX}* in the output.`,
    details: { pid, host, ageSeconds },
  })
}
