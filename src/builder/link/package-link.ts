import { extensionOf, type LogicalPath, packageFolderOf } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import type { Replacement } from '../../core/reference/text.ts'
import type { PackageLinks } from '../../sources/finder.ts'
import type { FileScan, FileScans, PlacedReference } from '../read/scan-files.ts'
import type { BuildConfig } from '../settings/options.ts'

/** A bare specifier of a module, and the file of a package it stands for. Both with suffix. */
export interface PackageImport {
  readonly from: LogicalPath
  readonly specifier: string
  readonly name: string
}

/** Follows a reference into a package. A refusal is a predicate about the reference, and says what to do. */
export function followPackage(
  from: LogicalPath,
  reference: PlacedReference,
  { packages, scans }: { readonly packages: PackageLinks | undefined; readonly scans: FileScans },
): { readonly path: LogicalPath } | { readonly refusal: string; readonly target: string } | undefined {
  const led = packages?.follow(from, reference)
  if (led === undefined) return undefined
  if ('refusal' in led) return { refusal: led.refusal, target: reference.specifier }
  const refusal = refuseFile(led.path, reference, scans.get(led.path))
  return refusal === undefined ? led : { refusal, target: led.path }
}

/** The problem of a reference that is refused, or of other code that browsers can't run. */
export function explainPackage(
  file: LogicalPath,
  { line, column, written }: Pick<PlacedReference, 'line' | 'column' | 'written'>,
  refusal: string,
  { onMissing }: Pick<BuildConfig, 'onMissing'>,
): Problem {
  const severity = onMissing === 'warn' ? 'warning' : 'error'
  return {
    code: 'package',
    severity,
    file,
    line,
    column,
    written,
    message: `${written} ${refusal}`,
    nearest: [],
  }
}

/**
 * A warning for an import of a file of the sources that browsers refuse. It is no error: code that is kept for a bundler
 * may be among the sources.
 */
export function explainImport(
  file: LogicalPath,
  reference: PlacedReference,
  target: LogicalPath,
  scan: FileScan | undefined,
): Problem | undefined {
  const { kind, line, column, written, bindsNothing } = reference
  if (kind !== 'js-import' && kind !== 'js-dynamic-import') return undefined
  const hasNoExports = kind === 'js-import' && !bindsNothing && scan?.isCommonJs
  const reason = hasNoExports
    ? `is CommonJS (${target}), which exports nothing to browsers. Bundle it, or use an ES module.`
    : refuseUntyped(target, reference, 'bundle the module')
  if (reason === undefined) return undefined
  const place = { file, line, column, written, target }
  return { code: 'import', severity: 'warning', ...place, message: `${written} ${reason}`, nearest: [] }
}

function refuseFile(
  path: LogicalPath,
  reference: PlacedReference,
  scan: FileScan | undefined,
): string | undefined {
  const extension = extensionOf(path)
  if (packageFolderOf(path) === undefined) return undefined
  if (extension === '.cjs' || scan?.isCommonJs) {
    const instead = 'Bundle it, with Vite for example, or use a package with ES modules.'
    return `is CommonJS (${path}), which browsers can't run. ${instead}`
  }
  if (['.js', '.mjs', '.wasm'].includes(extension)) return undefined
  if (extension !== '.json' && extension !== '.css') {
    return `leads to ${path}, which browsers can't run. Import compiled JavaScript.`
  }
  return refuseUntyped(path, reference, 'bundle the package')
}

/** JSON and CSS need an attribute (HTML §8.1.5.1). */
function refuseUntyped(
  path: LogicalPath,
  { hasAttributes }: PlacedReference,
  bundle: string,
): string | undefined {
  const extension = extensionOf(path)
  if (hasAttributes || (extension !== '.json' && extension !== '.css')) return undefined
  const type = extension.slice(1)
  const instead = type === 'css' ? `link it in the page (static('${path}'))` : bundle
  return `leads to ${path}, which browsers import only with { type: '${type}' }. Add that, or ${instead}.`
}

/** What replaces the reads of `process.env.NODE_ENV` in a file of a package, or the problem that nothing does. */
export function replaceNodeEnv(
  file: LogicalPath,
  { nodeEnv: reads = [] }: FileScan,
  config: Pick<BuildConfig, 'importMap' | 'onMissing'>,
): { readonly replacements: readonly Replacement[]; readonly problem?: Problem } {
  const [first] = reads
  if (first === undefined || packageFolderOf(file) === undefined) return { replacements: [] }
  const value = config.importMap.packages?.nodeEnv
  if (value !== undefined) {
    return { replacements: reads.map(({ start, end }) => ({ start, end, text: JSON.stringify(value) })) }
  }
  const refusal = 'fails in browsers, which have no process. Set importMap.packages.nodeEnv to replace it.'
  return { replacements: [], problem: explainPackage(file, first, refusal, config) }
}
