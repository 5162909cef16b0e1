import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import picomatch from 'picomatch'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { nearestNames } from '../core/nearest.ts'
import { comparePaths, type LogicalPath } from '../core/path.ts'
import type { Problem } from '../core/reference/problem.ts'
import { splitSuffix } from '../core/reference/reference.ts'
import { decodeText } from '../core/reference/text.ts'
import { createFolderFinder } from '../sources/folder-finder.ts'
import { findNameLiterals } from './name-literals.ts'

/** What a check of templates found. */
export interface TemplateReport {
  /** Templates read. */
  readonly templates: number
  /** Names found in them. */
  readonly names: number
  /** In order of file and place; `file` is relative to the working directory. */
  readonly problems: readonly Problem[]
}

/** What to look at. */
export interface TemplateCheck {
  /** Globs of templates, relative to `cwd`: `views/**`. */
  readonly globs: readonly string[]
  /** Absolute. */
  readonly cwd: string
  /** The names there are. */
  readonly known: ReadonlyMap<LogicalPath, unknown>
}

/**
 * Looks up every name that templates give their helpers as a literal: a misspelt one is a problem with file and line
 * here, and would be a 500 in production.
 *
 * @throws FingerpostError `FP_USAGE` for a glob that matches no file: a check that checks nothing is a mistake
 */
export async function checkTemplates({ globs, cwd, known }: TemplateCheck): Promise<TemplateReport> {
  const files = new Set<string>()
  for (const glob of globs) for (const file of await findTemplates(glob, cwd)) files.add(file)
  const sorted = [...files].sort(comparePaths)
  const found = await mapConcurrently(sorted, LIMITS.listConcurrency, async (file) => {
    const literals = findNameLiterals(decodeText(await readFile(file)).text)
    return literals.map((literal) => ({ file: relative(cwd, file), ...literal }))
  })
  const names = found.flat()
  const problems = names
    .filter(({ name }) => !known.has(name) && !known.has(splitSuffix(name).specifier))
    .map(({ file, name, line, column }): Problem => {
      const nearest = nearestNames(splitSuffix(name).specifier, known.keys())
      const message = `${JSON.stringify(name)} is not in the build.`
      return { code: 'missing', severity: 'error', file, line, column, written: name, message, nearest }
    })
  return { templates: sorted.length, names: names.length, problems }
}

async function findTemplates(glob: string, cwd: string): Promise<readonly string[]> {
  const { base, glob: pattern } = picomatch.scan(glob)
  const folder = pattern === '' ? resolve(cwd, base, '..') : resolve(cwd, base)
  const isMatch = picomatch(pattern === '' ? (base.split('/').at(-1) ?? '') : pattern)
  const { files } = await createFolderFinder({ folder, prefix: '' }).list()
  const matching = files.filter(({ path }) => isMatch(path)).map(({ absolutePath }) => absolutePath)
  if (matching.length > 0) return matching
  throw new FingerpostError('FP_USAGE', `No template matches ${glob}.`, {
    remedy: "Quote it, so that the shell leaves it alone: --templates 'views/**'",
    details: { glob },
  })
}
