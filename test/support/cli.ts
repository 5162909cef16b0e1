import { type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { cleanEnvironment } from './environment.mjs'

/** The repository's folder. */
export const REPOSITORY = join(import.meta.dirname, '..', '..')

/** The built command line (`npm run build` makes it). */
export const CLI = join(REPOSITORY, 'dist/cli.cjs')

/** Options of a Node that is to run TypeScript. */
export const TYPESCRIPT = ['--import', join(import.meta.dirname, 'typescript.mjs')]

/** What a program said and how it ended. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command line in a folder. */
export function runCli(cwd: string, words: readonly string[], options: SpawnOptions = {}): Promise<Outcome> {
  return runNode([CLI, ...words], { cwd, ...options })
}

/** Runs a Node (by default this one) with these arguments to its end, in a clean environment. */
export function runNode(
  words: readonly string[],
  options: SpawnOptions,
  node = process.execPath,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...cleanEnvironment(), ...options.env }
    const child = spawn(node, words, { timeout: 120_000, ...options, env, stdio: 'pipe' })
    const output = { stdout: '', stderr: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...output }))
  })
}
