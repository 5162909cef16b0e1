#!/usr/bin/env node
import { run } from './cli/main.ts'
import { createOutput } from './cli/output.ts'

const interruption = new AbortController()

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe may close early (`| head`); the command still finishes.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const hangupListeners = new Set<() => void>()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (signal === 'SIGHUP' && hangupListeners.size > 0) {
      for (const listener of hangupListeners) listener()
      return
    }
    // The first signal lets the command clean up; the second ends it at once.
    if (interruption.signal.aborted) process.exit(130)
    interruption.abort(new Error(`ended by ${signal}`))
  })
}

run(process.argv.slice(2), {
  cwd: process.cwd(),
  stdin: () => process.stdin,
  stdout: createOutput(process.stdout, process.env),
  stderr: createOutput(process.stderr, process.env),
  signal: interruption.signal,
  onHangup(listener) {
    hangupListeners.add(listener)
    return () => hangupListeners.delete(listener)
  },
  now: Date.now,
}).then((code) => {
  process.exitCode = code
})
