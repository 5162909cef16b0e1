import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { REPOSITORY } from './cli.ts'

interface PackageJson {
  readonly version: string
  readonly homepage: string
  readonly bugs: string
  readonly repository: { readonly url: string }
  readonly bin: { readonly fingerpost: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/**
 * Puts the packed package into a project as `npm install` would, without a registry: a copy of it, and links to its
 * dependencies and to these packages, as they are in this repository. Optional peers are there only if they are named.
 */
export function installPackage(project: string, others: readonly string[]) {
  const installed = join(project, 'node_modules/fingerpost')
  cpSync(unpackPackage(), installed, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as PackageJson
  for (const name of new Set([...Object.keys(manifest.dependencies), ...others])) link(name, project)
  mkdirSync(join(project, 'node_modules/.bin'), { recursive: true })
  symlinkSync('../fingerpost/dist/cli.cjs', join(project, 'node_modules/.bin/fingerpost'))
  return { installed, manifest }
}

function link(name: string, project: string): void {
  const place = join(project, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules', name), place)
}

/** What `npm pack` makes of this tree, unpacked: once for a run of the tests, and not to be written to. */
export function unpackPackage(): string {
  const place = join(process.env['FINGERPOST_TEST_RUN'] ?? ownFolder(), 'package')
  if (existsSync(place)) return place
  const packed = mkdtempSync(`${place}-`)
  execFileSync('tar', ['-xzf', packInto(packed), '-C', packed])
  // npm does so when it installs.
  chmodSync(join(packed, 'package/dist/cli.cjs'), 0o755)
  try {
    renameSync(join(packed, 'package'), place)
  } catch (error) {
    // Another test file was first.
    if (!existsSync(place)) throw error
  }
  rmSync(packed, { recursive: true })
  return place
}

/** Packs this tree into a folder. Returns the path of the tarball. */
export function packInto(folder: string): string {
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  return join(folder, execFileSync('npm', words, { cwd: REPOSITORY, encoding: 'utf8' }).trim())
}

let own: string | undefined

function ownFolder(): string {
  if (own !== undefined) return own
  const folder = mkdtempSync(join(tmpdir(), 'fingerpost-package-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  own = folder
  return folder
}
