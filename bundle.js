import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import { build } from 'rolldown'

// The package as it is published: a file for each door and, below parts/, what several of them share or what is loaded
// when it is first needed. Every file that an app loads is looked up, read and linked before its first line runs.

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const modules = Object.values(exports).filter((file) => file.endsWith('.js'))
const doors = [...modules.map((file) => basename(file, '.js')).filter((name) => name !== 'client'), 'cli']

/** Packages that one feature needs, and what they bring: a part of the package, so that nobody installs them for it. */
const INCLUDED = ['chokidar', 'content-disposition', 'entities', 'parse5', 'readdirp']

const isIncluded = (id) => INCLUDED.some((name) => id === name || id.startsWith(`${name}/`))

const common = {
  platform: 'node',
  external: (id) => !id.startsWith('.') && !isAbsolute(id) && !isIncluded(id),
  // Nothing of ours does anything by being imported.
  treeshake: { moduleSideEffects: false },
  // The door for tests loads what the plugin behind it loads late: an app that serves has neither.
  checks: { ineffectiveDynamicImport: false },
}

const CLIENT = '.cache/client-script.js'

rmSync('dist', { recursive: true, force: true })
await build([
  {
    ...common,
    input: Object.fromEntries(doors.map((door) => [door, `src/${door}.ts`])),
    output: {
      dir: 'dist',
      // One level deep, as the sources are: package.json is found from both.
      chunkFileNames: 'parts/[name].js',
      minifyInternalExports: false,
      // Every door needs most of core. Apart stay the two files that bring a package with them.
      codeSplitting: { groups: [{ name: 'core', test: /src[\\/]core[\\/](?!digest|media-type)/ }] },
    },
  },
  // Loaded by the path beside the file that starts it.
  ...['brotli-worker.js', 'delta-worker.js'].map((name) => ({
    ...common,
    input: `src/builder/compress/${name}`,
    output: { file: `dist/parts/${name}` },
  })),
  { ...common, input: 'src/client/script.ts', output: { file: CLIENT } },
  {
    // Put into the page of a report, which loads nothing.
    input: 'src/report/client/main.ts',
    output: { file: 'dist/parts/report-client.js', format: 'iife', minify: true },
  },
  {
    ...common,
    input: 'src/cli.cts',
    external: /./,
    output: { file: 'dist/cli.cjs', format: 'cjs' },
  },
])
copyFileSync('src/report/report.css', 'dist/parts/report.css')
writeFileSync('dist/parts/licences.txt', [...INCLUDED, 'd3-hierarchy'].map(licenceOf).join('\n---\n\n'))
// For browsers, as the plugin serves it.
writeFileSync('dist/client.js', (await import(`./${CLIENT}`)).CLIENT_SCRIPT)
copyFileSync('src/client/client.d.ts', 'dist/client.d.ts')
rmSync(CLIENT)

function licenceOf(name) {
  const folder = `node_modules/${name}`
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/LICENSE`, 'utf8').trim()}\n`
}
