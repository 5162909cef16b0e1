import type { LogicalPath } from '../../core/path.ts'
import type { Reference } from '../../core/reference/reference.ts'

/** Additions that Node and bundlers try. The order doesn't matter: a target must be unique. */
const ADDITIONS = ['.js', '.mjs', '/index.js']

/** Extensions that a browser's module loader accepts. */
const MODULE_EXTENSION = /\.(?:js|mjs|cjs|css|json|wasm)$/i

/** The paths a module specifier without extension may stand for. */
export function extensionCandidates(target: LogicalPath): readonly LogicalPath[] {
  return ADDITIONS.map((addition) => target + addition)
}

/** True for a specifier that leaves the extension to a bundler: `./Button`, `./a.base`. */
export function isExtensionless(specifier: string): boolean {
  return !MODULE_EXTENSION.test(specifier)
}

/** The one file a specifier without extension stands for, and where the addition goes. */
export function findExtension(
  { specifier, suffix, start, end, digestAt }: Reference,
  target: LogicalPath,
  files: { has(path: LogicalPath): boolean },
): { readonly at: number; readonly target: LogicalPath; readonly addition: string } | undefined {
  if (!isExtensionless(specifier)) return undefined
  const [addition, another] = ADDITIONS.filter((each) => files.has(target + each))
  if (addition === undefined || another !== undefined) return undefined
  const found = { target: target + addition, addition }
  const isPlain = end - start === specifier.length + suffix.length
  if (isPlain) return { at: end - suffix.length, ...found }
  // With escapes the end of a name that has a dot is unknown.
  return specifier.slice(specifier.lastIndexOf('/') + 1).includes('.')
    ? undefined
    : { at: digestAt, ...found }
}
