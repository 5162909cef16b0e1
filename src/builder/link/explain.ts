import { lazily } from '../../core/lazy.ts'
import { LIMITS } from '../../core/limit.ts'
import { nearestNames } from '../../core/nearest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { isModuleKind } from '../../core/reference/reference.ts'
import type { Destination } from '../../core/reference/specifier.ts'
import type { Collection, Skipped } from '../../sources/finder.ts'
import type { PlacedReference } from '../read/scan-files.ts'
import type { BuildConfig } from '../settings/options.ts'
import { extensionCandidates, isExtensionless, namesFolder } from './extensionless.ts'

/** Says what is wrong with a reference that leads to no file; undefined where nothing is. */
export type Explain = (
  file: LogicalPath,
  reference: PlacedReference,
  destination: Exclude<Destination, { kind: 'external' }>,
) => Problem | undefined

/** What is known of a reference that leads nowhere. */
type Finding = Pick<Problem, 'code' | 'severity' | 'message' | 'nearest'>

/** Prepares explanations; what they look up is worked out when the first problem turns up. */
export function createExplainer(
  collection: Collection,
  { onMissing, extensionless }: Pick<BuildConfig, 'onMissing' | 'extensionless'>,
): Explain {
  const severity = onMissing === 'warn' ? 'warning' : 'error'
  let searched = 0
  const otherCases = lazily(() => groupByLowerCase(collection.files.keys()))

  const explainMissing = (written: string, target: LogicalPath): Finding => {
    const leads = `${written} leads to ${target}`
    const skipped = findSkipped(collection.skipped, target)
    if (skipped !== undefined) {
      const why = skipped.reason === 'ignored' ? 'is ignored' : 'is a link out of its source'
      return { code: 'missing', severity, message: `${leads}, which exists but ${why}.`, nearest: [] }
    }
    const sameLetters = otherCases().get(target.toLowerCase())
    if (sameLetters !== undefined) {
      const message = `${leads}, which exists with other letter case only: ${sameLetters.join(', ')}.`
      return { code: 'missing', severity, message, nearest: sameLetters }
    }
    searched++
    const nearest =
      searched > LIMITS.nearestMaxReferences ? [] : nearestNames(target, collection.files.keys())
    return { code: 'missing', severity, message: `${leads}, which no source has.`, nearest }
  }

  const explain = (
    written: string,
    { kind, specifier }: PlacedReference,
    target: LogicalPath,
  ): Finding | undefined => {
    if (kind === 'source-map-file') return undefined
    if (kind === 'source-map') {
      const message = `${written} names the source map ${target}, which no source has.`
      return { code: 'source-map-missing', severity: 'warning', message, nearest: [] }
    }
    if (!isModuleKind(kind) || !isExtensionless(specifier)) return explainMissing(written, target)
    const nearest = extensionCandidates(target).filter((path) => collection.files.has(path))
    const message = `${written} has no extension and is left as it is${hintFor(extensionless, nearest)}.`
    return { code: 'unresolved-specifier', severity: 'warning', message, nearest }
  }

  return (file, reference, destination) => {
    if (isBase(reference, destination.path)) return undefined
    const { line, column } = reference
    const written = reference.written.replace(/\s+/g, ' ')
    const target = destination.path
    const finding =
      destination.kind === 'outside' && !reference.kind.startsWith('source-map')
        ? outside(written, target, severity)
        : explain(written, reference, target)
    return finding && { ...finding, file, line, column, written: reference.written, target }
  }
}

/** True for `new URL('./', import.meta.url)`: a folder other URLs are built upon, not a file. */
function isBase({ kind, specifier }: PlacedReference, target: string): boolean {
  return (kind === 'js-url' || kind === 'js-resolve') && (target === '' || namesFolder(specifier))
}

function outside(written: string, target: string, severity: Problem['severity']): Finding {
  const message = `${written} leads to ${target}, outside every source.`
  return { code: 'outside', severity, message, nearest: [] }
}

function hintFor(extensionless: BuildConfig['extensionless'], nearest: readonly string[]): string {
  if (extensionless === 'keep') return "; the option extensionless: 'resolve' would complete it"
  return nearest.length === 0 ? ': nothing fits' : ': more than one file fits'
}

/** The ignored file, or the ignored folder the target would be in. */
function findSkipped(skipped: readonly Skipped[], target: LogicalPath): Skipped | undefined {
  return skipped.find(({ path }) => target === path || target.startsWith(`${path}/`))
}

function groupByLowerCase(paths: Iterable<LogicalPath>): ReadonlyMap<string, readonly LogicalPath[]> {
  const groups = new Map<string, LogicalPath[]>()
  for (const path of paths) {
    const key = path.toLowerCase()
    groups.set(key, [...(groups.get(key) ?? []), path])
  }
  return groups
}
