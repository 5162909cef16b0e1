import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { measureNode, type Usage } from '../measure/node-process.ts'
import { compiled } from '../setup/compile.ts'
import { SUITE } from '../setup/folders.ts'
import { packageFolder } from '../setup/packages.ts'
import { runCommand } from '../setup/run-command.ts'
import { SYSTEM_PYTHON } from '../setup/tools.ts'
import { buildArguments, programOf } from './build-site.ts'

/** What every builder is given. */
export interface BuildPlace {
  readonly node: string
  readonly nodeOptions?: readonly string[]
  /** The compiled fingerpost. */
  readonly dist: string
  readonly source: string
  /** A folder of this builder alone; what it holds when the build starts decides whether that is cold or warm. */
  readonly work: string
}

/** Builds a site once, as a process of its own. */
export type Builder = (place: BuildPlace) => Promise<Usage>

const LIMIT_MS = 600_000

/** How many files the floor has in work at once: the pool's four threads, on all cores. */
const FLOOR_WIDTH = 4

/** The command line, with its cache where it is by default: beside the output. */
export const fingerpostBuild: Builder = (place) => fingerpostBuildAfter(place, undefined)

/** @param previous an archive or the address of an earlier build, to carry over */
export async function fingerpostBuildAfter(
  { node, nodeOptions = [], dist, source, work }: BuildPlace,
  previous: string | undefined,
): Promise<Usage> {
  await mkdir(work, { recursive: true })
  const carried = previous === undefined ? [] : ['--previous', previous]
  const args = [...buildArguments(source, join(work, 'static')), ...carried]
  return measureNode({
    node,
    nodeOptions,
    script: programOf(dist),
    args,
    cwd: work,
    timeoutMs: LIMIT_MS,
  })
}

/** An archive of what was built last. @returns its path */
export async function packBuild({ node, dist, work }: BuildPlace): Promise<string> {
  const archive = join(work, 'last-build.tar')
  const args = [programOf(dist), 'pack', archive, '--out', join(work, 'static')]
  await runCommand({ command: node, args, cwd: work, timeoutMs: LIMIT_MS })
  return archive
}

/** Reading and compressing alone. */
export const floorBuild: Builder = ({ node, source }) =>
  measureNode({
    node,
    script: compiled('builders/floor.ts'),
    args: [source, String(FLOOR_WIDTH)],
    timeoutMs: LIMIT_MS,
  })

/** gulp-rev, gulp-rev-rewrite, gulp-brotli and gulp-gzip. */
export const gulpBuild: Builder = ({ node, source, work }) =>
  measureNode({
    node,
    script: compiled('builders/gulp.ts'),
    args: [source, join(work, 'static'), join(packageFolder('peers'), 'package.json')],
    timeoutMs: LIMIT_MS,
  })

/** Django's collectstatic with WhiteNoise's compressed manifest storage. */
export const djangoBuild: Builder = async ({ source, work }) => {
  const script = join(SUITE, 'builders', 'collectstatic.py')
  const args = ['-B', script, source, join(work, 'static')]
  const { stdout, wallMs } = await runCommand({ command: SYSTEM_PYTHON, args, timeoutMs: LIMIT_MS })
  return { ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Usage), wallMs, stdout }
}

/**
 * Makes the next build a cold one: no output, no cache. What was there is put aside until the run ends: ext4 does not
 * reuse the inodes of files that were just deleted, and searches past all of them for each new file.
 */
export async function forgetBuild(work: string): Promise<void> {
  if (existsSync(work)) await rename(work, join(await mkdtemp(`${work}-aside-`), 'build'))
}

/** What a CI job starts with: a new checkout, whose every stat is new, no output, and the cache of an earlier job. */
export async function checkOutAnew(original: string, { source, work }: BuildPlace): Promise<void> {
  await rm(source, { recursive: true, force: true })
  await cp(original, source, { recursive: true })
  await forgetBuild(join(work, 'static'))
}

/** Edits one file so that its content is new each time. */
export async function changeFile(file: string, round: number): Promise<void> {
  const comment = file.endsWith('.svg') ? `<!-- ${round} -->\n` : `/* ${round} */\n`
  await appendFile(file, comment)
}
