import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { FingerpostError } from '../core/error.ts'

/** `name` or `@scope/name`. */
const PACKAGE_NAME = /^(?:@[\w.~-]+\/)?\w[\w.~-]*$/

/** An installed package, or a folder in it. */
export interface PackageFolder {
  readonly package: string
  /** Relative to the package. Default: the whole package. */
  readonly dir?: string
}

/**
 * The folder of a package as Node resolves it: from the nearest `node_modules` up, or by the resolver of Yarn PnP.
 *
 * @param from the absolute folder that the package is resolved from
 * @throws FingerpostError `FP_SOURCE` for a package that isn't installed; `FP_USAGE` for a text that is no package name,
 * and a folder outside the package
 */
export function findPackageFolder({ package: name, dir = '' }: PackageFolder, from: string): string {
  if (!PACKAGE_NAME.test(name)) throw refuse(`${JSON.stringify(name)} is not the name of a package.`)
  if (/^[/\\]|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(dir)) {
    throw refuse(`${JSON.stringify(dir)} is not a folder inside the package ${name}.`)
  }
  return join(resolvePackage(name, from), dir)
}

function resolvePackage(name: string, from: string): string {
  const require = createRequire(join(from, 'package.json'))
  const folder = findByPnp(name, from, require) ?? findInstalled(name, require)
  if (folder !== undefined) return folder
  const message = `The package ${name} is not installed: Node doesn't find it from ${from}.`
  throw new FingerpostError('FP_SOURCE', message, {
    remedy: `Run: npm install ${name}`,
    details: { package: name, from },
  })
}

/** Where Node looks for a package. `require.resolve` would go by its "exports", which may hide its package.json or lead elsewhere. */
function findInstalled(name: string, require: NodeJS.Require): string | undefined {
  const folders = (require.resolve.paths(name) ?? []).map((each) => join(each, name))
  const folder = folders.find((each) => existsSync(join(each, 'package.json')))
  return folder && realpathSync(folder)
}

/** Yarn's API in a process that runs under PnP (yarnpkg.com/advanced/pnpapi). */
interface PnpApi {
  resolveToUnqualified(name: string, issuer: string, options: { considerBuiltins: false }): string | null
}

/** Where Yarn PnP has a package, whatever it exports; undefined without PnP, and for a package it doesn't have. */
function findByPnp(name: string, from: string, require: NodeJS.Require): string | undefined {
  if (process.versions['pnp'] === undefined) return undefined
  try {
    const api: PnpApi = require('pnpapi')
    return api.resolveToUnqualified(name, join(from, '/'), { considerBuiltins: false }) ?? undefined
  } catch {
    return undefined
  }
}

function refuse(message: string): FingerpostError {
  return new FingerpostError('FP_USAGE', message, {
    remedy: "Write { package: 'bootstrap', dir: 'dist' }, or npm:bootstrap/dist on the command line.",
  })
}
