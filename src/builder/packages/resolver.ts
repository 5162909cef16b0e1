import fs, { realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename } from 'node:path'
import { FingerpostError } from '../../core/error.ts'

/** The file on disk that an import loads. Otherwise the rest of a sentence about the specifier: what is wrong, and what to do. */
export type Resolution = ResolvedFile | { readonly refusal: string }

interface ResolvedFile {
  /** Absolute, real. */
  readonly file: string
  /** Folders of the packages looked into, as found and real: those that `imports` and `browser` led to, too. */
  readonly packages: readonly string[]
}

/** Resolves a module specifier from a folder as bundlers do for browsers. */
export type ResolveModule = (folder: string, specifier: string) => Resolution

/**
 * Loads the resolver: `exports` and `imports` with the conditions of browsers, the fields `module` and `browser` of older
 * packages, links, and the resolution of Yarn PnP in a process that has it.
 *
 * @throws FingerpostError `FP_CONFIG` if the package `enhanced-resolve` is not installed
 */
export async function createModuleResolver(
  condition: 'production' | 'development' = 'production',
): Promise<ResolveModule> {
  const { default: enhanced } = await import('enhanced-resolve').catch((cause: unknown) => {
    throw new FingerpostError('FP_CONFIG', 'importMap.packages needs the package enhanced-resolve.', {
      remedy: 'Install it: npm install --save-dev enhanced-resolve',
      cause,
    })
  })
  const resolver = enhanced.ResolverFactory.createResolver({
    fileSystem: fs,
    useSyncFileSystemCalls: true,
    conditionNames: ['browser', 'import', 'module', condition, 'default'],
    // A `browser` that is one file is often UMD; the map of that name applies to `module` too.
    mainFields: ['module', 'browser', 'main'],
    aliasFields: ['browser'],
    extensions: ['.js', '.mjs'],
  })
  const visited = new Set<string>()
  const hook = resolver.getHook('resolveInPackage')
  hook.tapAsync({ name: 'fingerpost', stage: -1 }, ({ path }, _, next) => {
    // The "package" of `@x/../p` is the folder of all packages.
    if (path && basename(path) !== 'node_modules') visited.add(path)
    next()
  })
  return (folder, specifier) => {
    visited.clear()
    try {
      const file = resolver.resolveSync({}, folder, specifier)
      if (file !== false) {
        return { file, packages: [...visited].flatMap((path) => [path, realpathSync(path)]) }
      }
      return {
        refusal: 'is left out for browsers by the "browser" field of its package. Bundle the package.',
      }
    } catch (error) {
      return { refusal: explain(specifier, folder, error instanceof Error ? error.message : String(error)) }
    }
  }
}

function explain(specifier: string, folder: string, message: string): string {
  if (isBuiltin(specifier)) {
    return 'is a module of Node, which browsers do not have. Take a build for browsers, or bundle the package.'
  }
  if (!message.startsWith("Can't resolve")) return `can't be resolved: ${message}.`
  if (/^[.#/]/.test(specifier)) return `leads to no file from ${folder}.`
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return `is not found from ${folder}. Install it (npm install ${name}), or map it in importMap.`
}
