import { type CommandLine, parseCommandLine, USAGE } from './command-line.ts'
import { measureStages, type Watch } from './measure-stages.ts'
import { newerRuntimeFor, planStages } from './plan.ts'
import { compareRevisions } from './regress/compare-revisions.ts'
import { saveResults, writePages } from './report/publish.ts'
import { runAsText } from './report/terminal.ts'
import { SUBJECTS } from './result/measurement.ts'
import { currentRuntime } from './setup/runtimes.ts'

/** `\x1b[2K` erases the line (ECMA-48, EL). */
const CLEAR = process.stderr.isTTY ? '\r\x1b[2K' : ''

try {
  const line = parseCommandLine(process.argv.slice(2))
  if (line.action === 'help') process.stdout.write(USAGE)
  else if (line.action === 'report') await writePages()
  else if (line.against !== undefined) process.stdout.write(await compareRevisions(line, line.against))
  else await measure(line)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function measure(line: CommandLine): Promise<void> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
  const save = line.publish ? await publishing() : async () => undefined
  const run = await measureStages(line, { say, onRound, save, signal: interrupt.signal })
  process.stdout.write(line.json ? `${JSON.stringify(run)}\n` : `${runAsText(run)}\n`)
  if (line.publish) await writePages()
}

/** Keeps results in docs/ while they come in. Stages that a complete run doesn't have are forgotten there. */
async function publishing(): Promise<Watch['save']> {
  const newer = await newerRuntimeFor({ subjects: SUBJECTS, quick: false }, say)
  const settings = { quick: false, maxFiles: Number.POSITIVE_INFINITY, profileFolder: undefined }
  const stages = planStages(SUBJECTS, { settings, runtime: currentRuntime(), newer })
  const known = stages.map(({ subject, name }) => ({ subject, stage: name }))
  return (run) => saveResults(run, known)
}

function say(text: string): void {
  process.stderr.write(`${CLEAR}${text}\n`)
}

/** On a terminal the round shows in a line that the next one replaces; in a log it would only be noise. */
function onRound(round: number, rounds: number): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR}  round ${round + 1} of ${rounds}`)
}
