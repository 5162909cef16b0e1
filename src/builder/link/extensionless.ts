import type { LogicalPath } from '../../core/path.ts'
import type { Reference } from '../../core/reference/reference.ts'

/** What Node and bundlers add to a specifier, in no order: only a unique answer counts. */
const ADDITIONS = ['.js', '.mjs', '/index.js']

/** Extensions a browser's module loader takes; a specifier with another one was written without it. */
const MODULE_EXTENSION = /\.(?:js|mjs|cjs|css|json|wasm)$/i

/** The names a module specifier without extension may stand for. */
export function extensionCandidates(target: LogicalPath): readonly LogicalPath[] {
  return ADDITIONS.map((addition) => target + addition)
}

/** True for a specifier that leaves the extension to a bundler: `./Button`, `./a.base`. */
export function isExtensionless(specifier: string): boolean {
  return !MODULE_EXTENSION.test(specifier)
}

/** True for a specifier that ends where a folder does: `./`, `..`, `fonts/`. */
export function namesFolder(specifier: string): boolean {
  return /(?:^|\/)\.{0,2}$/.test(specifier)
}

/** The one file a specifier without extension stands for, and where what it lacks goes. */
export function findExtension(
  reference: Reference,
  target: LogicalPath,
  files: { has(path: LogicalPath): boolean },
): { readonly at: number; readonly target: LogicalPath; readonly addition: string } | undefined {
  if (!isExtensionless(reference.specifier)) return undefined
  const found = ADDITIONS.filter((addition) => files.has(target + addition))
  const [addition] = found
  const at = endOfName(reference)
  if (addition === undefined || found.length > 1 || at === undefined) return undefined
  return { at, target: target + addition, addition }
}

/** Where the name ends in the text; unknown if it has both a dot and escapes. */
function endOfName({ specifier, suffix, start, end, digestAt }: Reference): number | undefined {
  const isPlain = end - start === specifier.length + suffix.length
  if (isPlain) return end - suffix.length
  return specifier.slice(specifier.lastIndexOf('/') + 1).includes('.') ? undefined : digestAt
}
