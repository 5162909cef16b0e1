import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { REPOSITORY } from './cli.ts'
import { makeTree } from './tree.ts'

interface PackageJson {
  readonly version: string
  readonly homepage: string
  readonly bugs: string
  readonly repository: { readonly url: string }
  readonly bin: { readonly fingerpost: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** Packs and installs this tree as `npm install` would, without a registry: with its dependencies and these peers only. */
export function installPackage(context: TestContext, project: string, peers: readonly string[]) {
  const packed = makeTree(context)
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed]
  const name = execFileSync('npm', pack, { cwd: REPOSITORY, encoding: 'utf8' }).trim()
  execFileSync('tar', ['-xzf', join(packed, name), '-C', packed])
  const installed = join(project, 'node_modules/fingerpost')
  mkdirSync(dirname(installed), { recursive: true })
  execFileSync('mv', [join(packed, 'package'), installed])
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as PackageJson
  for (const dependency of [...Object.keys(manifest.dependencies), ...peers]) link(dependency, project)
  return { installed, manifest }
}

function link(dependency: string, project: string): void {
  const place = join(project, 'node_modules', dependency)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules', dependency), place)
}
