import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from './folder.ts'

/** Vite, as its config file sets it up. */
export interface ViteSetup {
  readonly config: string | undefined
  /** The source of the entry: `src/main.js`. */
  readonly entry: string
  readonly outDir: string
  /** Where browsers find its files; undefined if that is the default of both. */
  readonly base: string | undefined
  /** What its config file still lacks, as lines of it. */
  readonly lacks: readonly string[]
}

/** Looks at the Vite of a project, without running its config file. */
export function readVite(folder: string): ViteSetup {
  const config = ['ts', 'mts', 'js', 'mjs', 'cts', 'cjs']
    .map((end) => `vite.config.${end}`)
    .find((name) => existsSync(join(folder, name)))
  const text = (config && readText(folder, config)) ?? ''
  const input = /\binput:\s*['"]([^'"]+)['"]/.exec(text)?.[1]
  const outDir = /\boutDir:\s*['"]([^'"]+)['"]/.exec(text)?.[1]
  const found = ['src/main', 'src/index'].flatMap((name) =>
    ['.ts', '.tsx', '.js', '.jsx'].map((end) => name + end),
  )
  const entry = input ?? found.find((name) => existsSync(join(folder, name))) ?? 'src/main.js'
  const compiled = /"outDir"\s*:\s*"(?:\.\/)?([^"]+?)\/?"/.exec(readText(folder, 'tsconfig.json') ?? '')?.[1]
  // The compiler's output is not for browsers.
  const isTaken = outDir === undefined && compiled === 'dist'
  const base = /\bbase:\s*['"]([^'"]+)['"]/.exec(text)?.[1]
  // At the root of the app, or relative, the addresses in its chunks would lead past the build.
  const isBaseUsable = base !== undefined && !['', '/', './'].includes(base)
  const build = [
    ...(/\bmanifest:\s*(true|['"])/.test(text) ? [] : ['manifest: true']),
    ...(isTaken ? [`outDir: 'dist/client'`] : []),
    ...(/\binput:/.test(text) ? [] : [`rollupOptions: { input: '${entry}' }`]),
  ]
  return {
    ...{ config, entry, outDir: isTaken ? 'dist/client' : (outDir ?? 'dist') },
    base: isBaseUsable && base !== '/static/' ? base : undefined,
    lacks: [
      ...(isBaseUsable ? [] : [`base: '/static/',`]),
      ...(build.length === 0 ? [] : [`build: { ${build.join(', ')} },`]),
    ],
  }
}
