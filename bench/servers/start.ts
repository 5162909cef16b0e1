import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { pinned } from '../measure/pin.ts'

/** How to start a server. `port` is for those who must be told; the others print the one they chose. */
export interface ServerCommand {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly port?: number
}

/** A server that accepts connections. */
export interface RunningServer {
  readonly pid: number
  readonly port: number
  /** Milliseconds from starting the process to its first open port. */
  readonly startMs: number
  /** Ends it, politely first. */
  stop(): Promise<void>
}

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 5_000

/** Starts a server on one core and waits until it listens. @throws Error with what it said if it doesn't */
export async function startServer(server: ServerCommand, core: number | undefined): Promise<RunningServer> {
  const [command, ...args] = pinned(core, server.command)
  const started = performance.now()
  const child = spawn(command, args, {
    env: { ...process.env, ...server.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const port = await Promise.race([
    server.port === undefined ? announcedPort(child) : listening(server.port),
    failure(child, server.command.join(' ')),
  ])
  const startMs = performance.now() - started
  const { pid } = child
  if (pid === undefined) throw new Error(`${server.command.join(' ')} has no process id`)
  return { pid, port, startMs, stop: () => stop(child) }
}

/** A port nobody listens on at the moment, for servers that can't choose one themselves. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((found) => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-2000)
      const match = /^\{"port":(\d+)\}$/m.exec(text)
      if (match !== null) found(Number(match[1]))
    })
  })
}

async function listening(port: number): Promise<number> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return port
    await delay(5)
  }
}

async function failure(child: ChildProcess, name: string): Promise<never> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  const limit = new AbortController()
  const ended = once(child, 'exit', { signal: limit.signal }).then(
    ([code, signal]) => `ended with ${signal ?? code}`,
  )
  const reason = await Promise.race([
    ended.catch((error: Error) => error.message),
    delay(START_LIMIT_MS, `didn't listen within ${START_LIMIT_MS / 1000} s`, { ref: false }),
  ])
  limit.abort()
  throw new Error(`${name} ${reason}: ${said}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(killer)
}
