import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages, packageFolder } from './packages.ts'

/** A Node that runs what is measured. */
export interface Runtime {
  /** `Node 20.20.2` */
  readonly name: string
  /** Its executable. */
  readonly path: string
}

/** The Node that runs the suite. */
export function currentRuntime(): Runtime {
  return { name: `Node ${process.versions.node}`, path: process.execPath }
}

/** The newer Node that the suite pins (Linux on x64); undefined where it can't be had. */
export async function newerRuntime(say: (text: string) => void): Promise<Runtime | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  await installPackages('runtimes', say)
  const path = join(packageFolder('runtimes'), 'node_modules', 'node26', 'bin', 'node')
  if (!existsSync(path)) return undefined
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return { name: `Node ${stdout.trim().replace(/^v/, '')}`, path }
}
