import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { asRecord } from '../../core/option.ts'
import { type AppFile, findApp } from './app.ts'
import { ENGINES, type Engine } from './engine.ts'
import { hasFiles, isFolder, readText } from './folder.ts'
import { readVite, type ViteSetup } from './vite.ts'

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** What a project is made of, as far as its files tell. Paths are relative to its folder. */
export interface Project {
  /** The text of its package.json. */
  readonly manifest: string
  readonly scripts: Readonly<Record<string, unknown>>
  readonly manager: PackageManager
  /** The content of `.gitignore`. */
  readonly gitignore: string | undefined
  /** Whether package.json says `"type": "module"`. */
  readonly isModule: boolean
  readonly isTypeScript: boolean
  readonly app: AppFile
  /** The folder from which @fastify/autoload loads plugins, where fastify-cli starts the app. */
  readonly plugins: string | undefined
  readonly engine: Engine | undefined
  /** Whether templates are rendered by @fastify/view. */
  readonly hasView: boolean
  /** The folder of the templates. */
  readonly views: string | undefined
  readonly vite: ViteSetup | undefined
  readonly usesFastifyStatic: boolean
  /** Folders with static files, in the order in which they are searched. */
  readonly sources: readonly string[]
  /** Whether there is a folder for the code, `src`. */
  readonly hasSrc: boolean
  /** Packages an app with fingerpost needs and package.json doesn't list. */
  readonly missing: readonly string[]
}

const SOURCE_FOLDERS: readonly string[] = [
  ...['assets', 'static', 'public'],
  ...['src/assets', 'src/static', 'src/public'],
]
const VIEW_FOLDERS: readonly string[] = ['views', 'templates', 'src/views', 'src/templates']
const PLUGIN_FOLDERS: readonly string[] = ['plugins', 'src/plugins']

/** Which lock file each package manager writes. */
const LOCK_FILES: Readonly<Record<string, PackageManager>> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
}

/** Looks at a project. @throws FingerpostError `FP_USAGE` for a folder without a package.json, `FP_CONFIG` for an unusable one */
export function readProject(folder: string): Project {
  const manifest = readText(folder, 'package.json')
  if (manifest === undefined) {
    throw new FingerpostError('FP_USAGE', `${folder} has no package.json.`, {
      remedy: 'Go to the folder of your project, or begin one: npm init -y',
    })
  }
  const fields = parseManifest(folder, manifest)
  const installed = new Set(
    ['dependencies', 'devDependencies', 'peerDependencies'].flatMap((name) =>
      Object.keys(fields[name] ?? {}),
    ),
  )
  const isModule = fields['type'] === 'module'
  const isTypeScript = installed.has('typescript') || existsSync(join(folder, 'tsconfig.json'))
  const scripts = asRecord(fields['scripts'] ?? {}, 'scripts')
  const app = findApp(folder, { main: fields['main'], scripts, isModule, isTypeScript })
  const isCli =
    installed.has('@fastify/autoload') && /\bfastify start\b/.test(Object.values(scripts).join('\n'))
  const plugins = isCli ? PLUGIN_FOLDERS.find((name) => isFolder(join(folder, name))) : undefined
  const engines = ENGINES.filter(({ packageName }) => installed.has(packageName))
  const vite = installed.has('vite') ? readVite(folder) : undefined
  return {
    manifest,
    scripts,
    manager: findManager(folder, fields['packageManager']),
    gitignore: readText(folder, '.gitignore'),
    isModule,
    isTypeScript,
    app,
    plugins,
    // Several may be installed: the app names the one it uses.
    engine:
      engines.find(({ packageName: name }) =>
        [`'${name}'`, `"${name}"`].some((word) => app.text.includes(word)),
      ) ?? engines[0],
    hasView: installed.has('@fastify/view'),
    views: VIEW_FOLDERS.find((name) => isFolder(join(folder, name))),
    vite,
    usesFastifyStatic: installed.has('@fastify/static'),
    // Vite copies its folder `public` into what it builds.
    sources: SOURCE_FOLDERS.filter(
      (name) => hasFiles(join(folder, name)) && !(vite !== undefined && name === 'public'),
    ),
    hasSrc: isFolder(join(folder, 'src')),
    missing: ['fastify', 'fingerpost', ...(plugins === undefined ? [] : ['fastify-plugin'])].filter(
      (name) => !installed.has(name),
    ),
  }
}

function parseManifest(folder: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(text), 'package.json')
  } catch (cause) {
    throw new FingerpostError('FP_CONFIG', `${join(folder, 'package.json')} is not a JSON object.`, { cause })
  }
}

/** By the field of Corepack, else by the nearest lock file. */
function findManager(folder: string, field: unknown): PackageManager {
  const named = Object.values(LOCK_FILES).find((manager) => String(field).startsWith(`${manager}@`))
  if (named !== undefined) return named
  for (let each = folder; ; each = dirname(each)) {
    const found = Object.keys(LOCK_FILES).find((name) => existsSync(join(each, name)))
    if (found !== undefined) return LOCK_FILES[found] ?? 'npm'
    if (dirname(each) === each) return 'npm'
  }
}
