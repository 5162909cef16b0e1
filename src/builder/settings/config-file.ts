import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import type { BuildOptions } from './options.ts'

/** Types the options of a config file, so that editors complete them. Returns its argument. */
export function defineConfig(options: BuildOptions): BuildOptions {
  return options
}

/** The content of a config file, unchecked. */
export interface ConfigFile {
  /** Absolute; undefined without a config file. */
  readonly file: string | undefined
  /** Where its relative paths start: the file's folder, or the working directory. */
  readonly folder: string
  readonly value: unknown
}

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.json']

/** Every file that {@link loadConfigFile} may read. Absolute. */
export function possibleConfigFiles(cwd: string, name: string | undefined): readonly string[] {
  const names = EXTENSIONS.map((extension) => `fingerpost.config${extension}`)
  return (name === undefined ? names : [name]).map((each) => resolve(cwd, each))
}

/**
 * Reads the named config file, or `fingerpost.config.{ts,mts,js,mjs,json}` in the working directory. Without
 * one, an empty object.
 *
 * @param revision another text loads a module again that was loaded before
 * @throws FingerpostError `FP_CONFIG` if the named file is missing, if there are several, or if it can't be loaded
 */
export async function loadConfigFile(
  cwd: string,
  name: string | undefined,
  revision = '',
): Promise<ConfigFile> {
  const file = name === undefined ? await findConfigFile(cwd) : resolve(cwd, name)
  if (file === undefined) return { file, folder: cwd, value: {} }
  const value = extname(file) === '.json' ? await readJson(file) : await importDefault(file, revision)
  return { file, folder: dirname(file), value }
}

async function findConfigFile(cwd: string): Promise<string | undefined> {
  const present = new Set(await readdir(cwd))
  const names = possibleConfigFiles(cwd, undefined).map((file) => basename(file))
  const found = names.filter((name) => present.has(name))
  const [first, second] = found
  if (first === undefined) return undefined
  if (second === undefined) return resolve(cwd, first)
  throw new FingerpostError('FP_CONFIG', `There are several config files: ${found.join(', ')}.`, {
    remedy: 'Keep one, or name it with --config FILE.',
    details: { files: found },
  })
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw isSystemError(cause, 'ENOENT') ? missing(file, cause) : unloadable(file, cause)
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    const [, position] = /position (\d+)/.exec(String(cause)) ?? []
    const line = position && `:${text.slice(0, Number(position)).split('\n').length}`
    throw unloadable(file, cause, line)
  }
}

async function importDefault(file: string, revision: string): Promise<unknown> {
  const module = await importModule(file, revision)
  if ('default' in module) return module['default']
  throw new FingerpostError('FP_CONFIG', `${file} has no default export.`, {
    remedy: 'Write: export default { sources: [...] }',
    details: { file },
  })
}

async function importModule(file: string, revision: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file)
  if (revision !== '') {
    url.search = revision
    // A CommonJS module is kept by its path, whatever the query.
    delete createRequire(url).cache[file]
  }
  try {
    return (await import(url.href)) as Record<string, unknown>
  } catch (cause) {
    if (isSystemError(cause, 'ERR_MODULE_NOT_FOUND') && cause.message.includes(`'${file}'`))
      throw missing(file, cause)
    if (isSystemError(cause, 'ERR_UNKNOWN_FILE_EXTENSION') && extname(file).endsWith('ts'))
      throw noTypeScript(file, cause)
    throw unloadable(file, cause, cause instanceof SyntaxError ? lineOfSyntaxError(file) : '')
  }
}

/** `:3`; empty where the error is in a file that this one imports. Node prints the line, but no error has it. */
function lineOfSyntaxError(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' })
  return /:\d{1,7}$/m.exec(stderr)?.[0] ?? ''
}

function missing(file: string, cause: unknown): FingerpostError {
  return new FingerpostError('FP_CONFIG', `The config file ${file} doesn't exist.`, {
    details: { file },
    cause,
  })
}

function noTypeScript(file: string, cause: unknown): FingerpostError {
  const name = basename(file)
  const script = name.replace(/ts$/, 'js')
  return new FingerpostError('FP_CONFIG', `Node ${process.version} can't load TypeScript: ${name}.`, {
    remedy: `Use Node 22.18 or newer, run \`node --import tsx\`, or rename it to ${script} and remove the types.`,
    details: { file },
    cause,
  })
}

/** @param line `:3`, if it is known */
function unloadable(file: string, cause: unknown, line = ''): FingerpostError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  const message = `${file}${line} can't be loaded: ${reason}`
  return new FingerpostError('FP_CONFIG', message, { details: { file }, cause })
}
