import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CACHE, SUITE } from './folders.ts'
import { runCommand } from './run-command.ts'

/**
 * A list of pinned packages: `peers` are the programs compared with, `sites` the real packages that are built and
 * scanned, `releases` two versions of some, `runtimes` other versions of Node.
 */
export type PackageSet = 'peers' | 'sites' | 'releases' | 'runtimes'

/** Where a set is installed. */
export function packageFolder(set: PackageSet): string {
  return join(CACHE, set)
}

/** The folder of one package of the `sites` set, which must be installed. */
export function siteFolder(name: string): string {
  return join(packageFolder('sites'), 'node_modules', name)
}

/** Installs a set unless exactly these versions are there already. No package's scripts are run. */
export async function installPackages(set: PackageSet, say: (text: string) => void): Promise<void> {
  const wanted = await readFile(join(SUITE, 'setup', set, 'package.json'), 'utf8')
  const folder = packageFolder(set)
  const stamp = join(folder, 'installed.json')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return
  say(`installing the pinned packages of bench/setup/${set} (once)`)
  await mkdir(folder, { recursive: true })
  await cp(join(SUITE, 'setup', set), folder, { recursive: true })
  // `install`, not `ci`: the lock holds the binaries of the platform it was made on, others are added as they are.
  const args = ['install', '--no-save', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund']
  await runCommand({ command: 'npm', args, cwd: folder, timeoutMs: 600_000 })
  await writeFile(stamp, wanted)
}

/** Every package of the `sites` set with its pinned version. */
export async function pinnedVersions(set: PackageSet): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(SUITE, 'setup', set, 'package.json'), 'utf8')
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies
}

/** A `require` that resolves from a set, for peers that are not dependencies of the repository. */
export function requireFrom(set: PackageSet): NodeJS.Require {
  return createRequire(join(packageFolder(set), 'package.json'))
}
