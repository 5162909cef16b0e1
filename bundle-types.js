import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, isAbsolute, join } from 'node:path'
import { rollup } from 'rollup'

// The declarations as they are published: a file for each entry point and, below parts/, what several of them share.
// Rolldown's own plugin for this needs Node 22.

const TYPES = '.cache/types'

const require = createRequire(import.meta.url)
// The plugin uses TypeScript's API from the package `typescript`, whose version 7 has none.
require.cache[require.resolve('typescript')] = { exports: require('typescript-5') }
const { dts } = await import('rollup-plugin-dts')

rmSync(TYPES, { recursive: true, force: true })
const compiler = join(require.resolve('typescript/package.json'), '../bin/tsc')
execFileSync(process.execPath, [compiler, '--emitDeclarationOnly', '--outDir', TYPES], { stdio: 'inherit' })

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const entries = Object.values(exports)
  // That of browsers has no sources to declare.
  .filter((file) => file.endsWith('.js') && file !== './dist/client.js')
  .map((file) => basename(file, '.js'))
const bundle = await rollup({
  input: Object.fromEntries(entries.map((entry) => [entry, join(TYPES, `${entry}.d.ts`)])),
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  plugins: [dts()],
  onwarn(warning) {
    throw new Error(warning.message)
  },
})
await bundle.write({
  dir: 'dist',
  entryFileNames: '[name].d.ts',
  chunkFileNames: ({ name }) => `parts/${name.replace(/\.d$/, '')}.d.ts`,
})
rmSync(TYPES, { recursive: true })
