import { Readable } from 'node:stream'
import type { CommandContext, ExitCode } from '../../src/cli/command.ts'
import { run } from '../../src/cli/main.ts'
import { createOutput } from '../../src/cli/output.ts'

/** What a command wrote and how it ended. */
export interface Outcome {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
}

/** A stream that keeps what is written. */
export function createRecorder(isTTY = false, columns = 80) {
  const written: string[] = []
  return {
    written,
    text: () => written.join(''),
    stream: { write: (text: string) => written.push(text), isTTY, columns },
  }
}

/** Runs a command line in this process, in a folder. */
export function runIn(cwd: string, ...argv: readonly string[]): Promise<Outcome> {
  return runWith({ cwd, input: '' }, ...argv)
}

/** Runs a command line in this process, with text piped into it. */
export async function runWith(
  { cwd, input }: { readonly cwd: string; readonly input: string | Buffer },
  ...argv: readonly string[]
): Promise<Outcome> {
  const [out, err] = [createRecorder(), createRecorder()]
  const context: CommandContext = {
    cwd,
    stdin: () => Readable.from([Buffer.from(input as string)]),
    stdout: createOutput(out.stream, {}),
    stderr: createOutput(err.stream, {}),
    signal: new AbortController().signal,
    now: Date.now,
  }
  const code = await run(argv, context)
  return { code, stdout: out.text(), stderr: err.text() }
}
