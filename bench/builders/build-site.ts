import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from '../setup/run-command.ts'

const LIMIT_MS = 900_000

/** Which build to make, with which compiled fingerpost and which Node. */
export interface SiteBuild {
  readonly node: string
  readonly dist: string
  readonly source: string
  readonly out: string
}

/** The program as it is installed; older revisions have but the module. */
export function programOf(dist: string): string {
  const started = join(dist, 'cli.cjs')
  return existsSync(started) ? started : join(dist, 'cli.js')
}

/** What the command line of a build looks like; shared by those that measure it and those that need its output. */
export function buildArguments(source: string, out: string): readonly string[] {
  // Real packages name files they don't ship. That is not what is measured here, so it stays a warning.
  return ['build', source, '--out', out, '--on-missing', 'warn', '--json']
}

/** Builds a site for others to work on, without measuring it. A second build of the same is quick. */
export async function buildSite({ node, dist, source, out }: SiteBuild): Promise<void> {
  await mkdir(dirname(out), { recursive: true })
  await runCommand({
    command: node,
    args: [programOf(dist), ...buildArguments(source, out)],
    cwd: dirname(out),
    timeoutMs: LIMIT_MS,
  })
}
