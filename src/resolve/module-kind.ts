import type { ManifestReference } from '../core/manifest/manifest.ts'
import { extensionOf, type LogicalPath } from '../core/path.ts'
import { provesModule } from '../core/reference/reference.ts'

/** Whether a script says by itself that it is a module: by its extension, or by what only a module can hold. */
export function isModuleAlone(path: LogicalPath, references: readonly ManifestReference[]): boolean {
  return extensionOf(path) === '.mjs' || references.some(({ kind }) => provesModule(kind))
}
