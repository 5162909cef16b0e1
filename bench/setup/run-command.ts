import { spawn } from 'node:child_process'

/** What to run, and for how long at most. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds after which the command is killed and counts as failed. */
  readonly timeoutMs: number
  /** Milliseconds after which it is told to end (SIGINT), as somebody at a terminal would. */
  readonly interruptAfterMs?: number
}

/** What a finished command left. */
export interface Finished {
  readonly stdout: string
  readonly wallMs: number
}

/** Runs a command to its end. @throws Error with the end of its output unless it exits with 0 in time */
export async function runCommand(command: Command): Promise<Finished> {
  const started = performance.now()
  const child = spawn(command.command, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: command.timeoutMs,
    killSignal: 'SIGKILL',
  })
  const { interruptAfterMs } = command
  const interrupt =
    interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfterMs)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000)
  })
  const status = await new Promise<string>((settle) => {
    child.on('error', (error) => settle(error.message))
    child.on('close', (code, signal) => settle(code === 0 ? '' : `exit ${signal ?? code}`))
  })
  clearTimeout(interrupt)
  const wallMs = performance.now() - started
  if (status === '') return { stdout, wallMs }
  const said = `${stdout.slice(-1500)}\n${stderr.slice(-1500)}`.trim()
  throw new Error(`${command.command} ${command.args.join(' ')}: ${status}\n${said}`)
}
