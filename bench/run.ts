import { parseCommandLine, USAGE } from './command-line.ts'
import { measure } from './measure-subjects.ts'
import { compareRevisions } from './regress/compare-revisions.ts'
import { publish, writePages } from './report/publish.ts'
import { runAsText } from './report/terminal.ts'

try {
  const line = parseCommandLine(process.argv.slice(2))
  if (line.action === 'help') process.stdout.write(USAGE)
  else if (line.action === 'report') await writePages()
  else if (line.against !== undefined) process.stdout.write(await compareRevisions(line, line.against))
  else {
    const runs = await measure(line)
    process.stdout.write(line.json ? `${JSON.stringify(runs)}\n` : `${runs.map(runAsText).join('\n\n')}\n`)
    if (line.publish) await publish(runs)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
