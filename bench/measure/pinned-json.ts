import { runCommand } from '../setup/run-command.ts'
import { pinned } from './pin.ts'

/** Runs a command to its end on one core, and reads the JSON it writes. @throws Error with the end of its output */
export async function runForJson<T>(
  core: number | undefined,
  line: readonly string[],
  timeoutMs: number,
): Promise<T> {
  const [command, ...args] = pinned(core, line)
  return JSON.parse((await runCommand({ command, args, timeoutMs })).stdout) as T
}
