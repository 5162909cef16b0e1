import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE, REPOSITORY } from './folders.ts'
import { runCommand } from './run-command.ts'

/** The suite, and beside it what it takes from the sources. */
const COMPILED = join(CACHE, 'js', 'bench')

/** Compiles the suite, so that a measured process is plain JavaScript without a loader in it. Under a second. */
export async function compileSuite(): Promise<void> {
  const tsc = join(REPOSITORY, 'node_modules', '.bin', 'tsc')
  await runCommand({ command: tsc, args: ['-p', 'bench'], cwd: REPOSITORY, timeoutMs: 120_000 })
  // JavaScript already, so that the compiler leaves it.
  const worker = 'src/builder/compress/delta-worker.js'
  await copyFile(join(REPOSITORY, worker), join(COMPILED, '..', worker))
}

/** The compiled form of one of the suite's files: `compiled('servers/bare-http.ts')`. */
export function compiled(file: string): string {
  return join(COMPILED, file.replace(/\.ts$/, '.js'))
}
