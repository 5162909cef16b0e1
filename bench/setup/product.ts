import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE, REPOSITORY } from './folders.ts'
import { runCommand } from './run-command.ts'

/** A compiled fingerpost that can be measured. */
export interface Product {
  readonly name: string
  /** The folder with the program and the doors. */
  readonly dist: string
}

/** This tree; `npm run bench` compiles it first. */
export function thisTree(): Product {
  return { name: 'fingerpost', dist: join(REPOSITORY, 'dist') }
}

/**
 * Another revision of the repository, checked out and compiled in the suite's cache. It shares this tree's packages.
 *
 * @throws Error if git doesn't know the revision or it doesn't compile
 */
export async function revision(rev: string): Promise<Product> {
  const { stdout } = await git(['rev-parse', '--verify', `${rev}^{commit}`], REPOSITORY)
  const commit = stdout.trim()
  const folder = join(CACHE, 'revisions', commit)
  const product = { name: commit.slice(0, 10), dist: join(folder, 'dist') }
  if (existsSync(join(product.dist, 'cli.js'))) return product
  await mkdir(folder, { recursive: true })
  const archive = join(CACHE, 'revisions', `${commit}.tar`)
  await git(['archive', '--output', archive, commit], REPOSITORY)
  await runCommand({ command: 'tar', args: ['-xf', archive, '-C', folder], timeoutMs: 60_000 })
  if (!existsSync(join(folder, 'node_modules'))) {
    await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
  }
  await runCommand({ command: 'npm', args: ['run', '--silent', 'build'], cwd: folder, timeoutMs: 120_000 })
  return product
}

/** The commit this tree stands at, with a plus sign where files differ from it. */
export async function describeTree(): Promise<string> {
  const commit = await git(['rev-parse', '--short=10', 'HEAD'], REPOSITORY)
  const status = await git(
    ['status', '--porcelain', '--untracked-files=no', '--', 'src', 'bundle.js'],
    REPOSITORY,
  )
  return commit.stdout.trim() + (status.stdout.trim() === '' ? '' : '+')
}

function git(args: readonly string[], cwd: string): Promise<{ readonly stdout: string }> {
  return runCommand({ command: 'git', args, cwd, timeoutMs: 60_000 })
}
