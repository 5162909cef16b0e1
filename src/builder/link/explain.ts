import { FingerpostError } from '../../core/error.ts'
import { groupBy } from '../../core/group-by.ts'
import { lazily } from '../../core/lazy.ts'
import { LIMITS } from '../../core/limit.ts'
import { nearestNames } from '../../core/nearest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { dependsOnUse, isModuleKind } from '../../core/reference/reference.ts'
import type { Destination } from '../../core/reference/specifier.ts'
import type { Collection } from '../../sources/finder.ts'
import type { PlacedReference } from '../read/scan-files.ts'
import type { BuildConfig } from '../settings/options.ts'
import { extensionCandidates, isExtensionless } from './extensionless.ts'

/** Says what is wrong with a reference that has no target; undefined if nothing is. */
export type Explain = (
  file: LogicalPath,
  reference: PlacedReference,
  destination: Exclude<Destination, { kind: 'external' }>,
) => Problem | undefined

type Explanation = Pick<Problem, 'code' | 'severity' | 'message' | 'nearest'>

/** Prepares explanations. The tables behind them are made when the first problem turns up. */
export function createExplainer(
  { files, skipped }: Collection,
  { onMissing, extensionless }: Pick<BuildConfig, 'onMissing' | 'extensionless'>,
): Explain {
  const severity = onMissing === 'warn' ? 'warning' : 'error'
  let searches = 0
  const otherCases = lazily(() => groupBy(files.keys(), (path) => path.toLowerCase()))

  const explainMissing = (written: string, target: LogicalPath): Explanation => {
    const missing = { code: 'missing', severity } as const
    const points = `${written} points to ${target}`
    const left = skipped.find(({ path }) => target === path || target.startsWith(`${path}/`))
    if (left !== undefined) {
      const why = left.reason === 'ignored' ? 'is ignored' : 'is a link out of its source'
      return { ...missing, message: `${points}, which exists but ${why}.`, nearest: [] }
    }
    const sameLetters = otherCases().get(target.toLowerCase())
    if (sameLetters !== undefined) {
      const message = `${points}, which exists only with other letter case: ${sameLetters.join(', ')}.`
      return { ...missing, message, nearest: sameLetters }
    }
    searches++
    const nearest = searches > LIMITS.nearestMaxReferences ? [] : nearestNames(target, files.keys())
    return { ...missing, message: `${points}, which is not in any source.`, nearest }
  }

  const explainInside = (written: string, { kind, specifier }: PlacedReference, target: LogicalPath) => {
    if (kind === 'source-map-file') return undefined
    if (kind === 'source-map') {
      const message = `${written} names the source map ${target}, which is not in any source.`
      return { code: 'source-map-missing', severity: 'warning', message, nearest: [] } as const
    }
    if (!isModuleKind(kind) || !isExtensionless(specifier)) return explainMissing(written, target)
    const nearest = extensionCandidates(target).filter((path) => files.has(path))
    const message = `${written} has no extension and is left as it is${hintFor(extensionless, nearest)}.`
    return { code: 'unresolved-specifier', severity: 'warning', message, nearest } as const
  }

  return (file, reference, { kind, path: target }) => {
    if (isBase(reference, target)) return undefined
    const { line, column, written } = reference
    const shown = written.replace(/\s+/g, ' ')
    if (dependsOnUse(reference)) {
      const message = `There is no ${target}; it is left as it is.`
      return explainCustomProperty(file, reference, target, { severity: 'warning', message })
    }
    const isOutside = kind === 'outside' && !reference.kind.startsWith('source-map')
    const message = `${shown} points to ${target}, outside every source.`
    const found = isOutside
      ? ({ code: 'outside', severity, message, nearest: [] } as const)
      : explainInside(shown, reference, target)
    return found && { ...found, file, line, column, written, target }
  }
}

/**
 * Ends the build if there are errors.
 *
 * @throws FingerpostError `FP_REFERENCE`; `details.problems` are all problems of the build, warnings included
 */
export function refuseErrors(problems: readonly Problem[]): void {
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length === 0) return
  const lines = errors.slice(0, LIMITS.shownProblems).map(({ file, line, column, message, nearest }) => {
    const hint = nearest.length > 0 ? `\n    nearest   ${nearest.join('  ')}` : ''
    return `  ${file}:${line}:${column}  ${message}${hint}`
  })
  const more = errors.length - lines.length
  const count = errors.length === 1 ? 'One reference is' : `${errors.length} references are`
  throw new FingerpostError(
    'FP_REFERENCE',
    `${count} broken:\n${lines.join('\n')}${more > 0 ? `\n  and ${more} more` : ''}`,
    {
      remedy: 'Fix the paths, add the files, or allow them with --allow-missing GLOB. Nothing was published.',
      details: { problems },
    },
  )
}

/** True for `new URL('./', import.meta.url)`: a folder that other URLs are built upon, not a file. */
function isBase({ kind, specifier }: PlacedReference, target: string): boolean {
  if (kind !== 'js-url' && kind !== 'js-resolve') return false
  return target === '' || /(?:^|\/)\.{0,2}$/.test(specifier)
}

function hintFor(extensionless: BuildConfig['extensionless'], nearest: readonly string[]): string {
  if (extensionless === 'keep') return "; the option extensionless: 'resolve' would complete it"
  return nearest.length === 0 ? ': no file fits' : ': more than one file fits'
}

/** Says what becomes of a relative URL in a custom property. @param message a second sentence */
export function explainCustomProperty(
  file: LogicalPath,
  { line, column, written }: PlacedReference,
  target: LogicalPath,
  { severity, message }: Pick<Problem, 'severity' | 'message'>,
): Problem {
  const shown = written.replace(/\s+/g, ' ')
  const why = `${shown} in a custom property is relative to the stylesheet that uses it.`
  const place = { file, line, column, written, target }
  return { code: 'custom-property', severity, ...place, message: `${why} ${message}`, nearest: [] }
}
