import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compiled } from '../setup/compile.ts'
import { runCommand } from '../setup/run-command.ts'

/** What a whole process took, from its start to its end. */
export interface Usage {
  readonly wallMs: number
  /** User and system time of all its threads. */
  readonly cpuMs: number
  /** The highest resident set. */
  readonly peakBytes: number
  readonly stdout: string
}

/** A Node process to measure. */
export interface NodeProcess {
  readonly node: string
  readonly nodeOptions?: readonly string[]
  readonly script: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** Runs a Node process to its end. Memory and processor time are the kernel's own account, taken at its exit. */
export async function measureNode(target: NodeProcess): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), 'fingerpost-bench-'))
  const file = join(folder, 'usage.json')
  const options = [...(target.nodeOptions ?? []), '--import', compiled('measure/usage-hook.ts')]
  try {
    const { stdout, wallMs } = await runCommand({
      command: target.node,
      args: [...options, target.script, ...target.args],
      ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
      env: { ...target.env, FINGERPOST_BENCH_USAGE: file },
      timeoutMs: target.timeoutMs,
    })
    const { peakBytes, cpuMs } = JSON.parse(await readFile(file, 'utf8')) as Omit<Usage, 'wallMs'>
    return { wallMs, cpuMs, peakBytes, stdout }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
