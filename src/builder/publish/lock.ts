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

/** Who holds an output. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, as its system tells it: a number that is used again belongs to another process. */
  readonly processStart: string
  readonly since: Date
}

/** Where in an output fingerpost keeps what is neither the site's nor for long. */
export const OWN_FOLDER = '.fingerpost/'

const LOCK_PREFIX = `${OWN_FOLDER}lock-`

/** Between two looks at another holder's lock; a random part keeps two waiters from looking in step for ever. */
const LOOK_AGAIN_MS = 100

/**
 * Does something while no other build, prune or repair works on the same output. Each one announces itself under a key
 * of its own and then looks for others: of two that begin together at least one sees the other, so that never both go
 * on. A lock whose process is gone is removed, and so is what that process left half-written.
 *
 * @throws FingerpostError `FP_LOCKED` naming the holder, if it doesn't end in time
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
    const key = await announce(storage)
    const { holder, isRecovered } = await lookForOthers(storage, key)
    if (holder === undefined) {
      // Whoever died while announcing itself left no lock, but half of one.
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

async function announce(storage: Storage): Promise<string> {
  const holder = { pid: process.pid, host: hostname(), processStart: startOf(process.pid) }
  const key = `${LOCK_PREFIX}${randomBytes(8).toString('hex')}`
  const content = Buffer.from(`${JSON.stringify(holder)}\n`)
  try {
    await storage.save(key, content)
  } catch (error) {
    // Who recovers the lock of a dead one sweeps, and may have swept this one half-written. It doesn't do so twice.
    if (!(error instanceof FingerpostError && error.code === 'FP_NOT_FOUND')) throw error
    await storage.save(key, content)
  }
  return key
}

interface Others {
  /** The first live one. */
  readonly holder: Holder | undefined
  /** A dead one's lock was removed. */
  readonly isRecovered: boolean
}

async function lookForOthers(storage: Storage, own: string): Promise<Others> {
  let isRecovered = false
  for await (const file of storage.list(LOCK_PREFIX)) {
    if (file.key === own) continue
    const holder = await readHolder(storage, file)
    if (holder === undefined) continue
    if (isAlive(holder)) return { holder, isRecovered }
    await storage.delete(file.key)
    isRecovered = true
  }
  return { holder: undefined, isRecovered }
}

/** Undefined if the lock was given back meanwhile. */
async function readHolder(storage: Storage, { key, modifiedAt }: StoredFile): Promise<Holder | undefined> {
  try {
    const { pid, host, processStart } = JSON.parse((await storage.read(key)).toString())
    return { pid: Number(pid), host: String(host), processStart: String(processStart), since: modifiedAt }
  } catch (error) {
    if (error instanceof FingerpostError && error.code === 'FP_NOT_FOUND') return undefined
    // Not one of ours, or damaged: nobody to ask, so its age decides.
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

/**
 * Field 22 of /proc/PID/stat (proc(5)): ticks since boot, whoever the process belongs to; `ended` for one that has ended
 * and isn't buried yet (a zombie). '' where there is no such file.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may contain blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

function locked(output: string, { pid, host }: Holder, ageSeconds: number): FingerpostError {
  return new FingerpostError(
    'FP_LOCKED',
    `${output} is held by process ${pid} on ${host || 'an unknown machine'} for ${ageSeconds} seconds.`,
    {
      remedy: `Wait for it, or end it. If it is gone for certain, remove ${LOCK_PREFIX}* in the output.`,
      details: { pid, host, ageSeconds },
    },
  )
}
