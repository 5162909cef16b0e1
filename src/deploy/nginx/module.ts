import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const BROTLI_MODULE = 'ngx_http_brotli_static_module.so'

/** What the nginx of this machine can do; undefined where there is none. */
export interface NginxAbilities {
  /** Whether `brotli_static` works: built in, or as a module. */
  readonly brotli: boolean
  /** Modules a whole nginx.conf has to load, absolute. */
  readonly modules: readonly string[]
}

/** Asks the nginx of this machine. */
export async function findNginx(): Promise<NginxAbilities | undefined> {
  const options = await describeNginx()
  if (options === undefined) return undefined
  if (/--add-module=\S*brotli/.test(options)) return { brotli: true, modules: [] }
  const folder = /--modules-path=(\S+)/.exec(options)?.[1]
  const module = folder === undefined ? undefined : join(folder, BROTLI_MODULE)
  if (module === undefined || !(await exists(module))) return { brotli: false, modules: [] }
  return { brotli: true, modules: [module] }
}

async function describeNginx(): Promise<string | undefined> {
  try {
    return (await promisify(execFile)('nginx', ['-V'])).stderr
  } catch {
    return undefined
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
