import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { possibleConfigFiles } from '../../builder/settings/config-file.ts'
import { BUILD_DEFAULTS } from '../../builder/settings/options.ts'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { startLexer } from '../../scan/javascript/module.ts'
import { parseSource } from '../../sources/source.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { buildScript, type PlannedFile, planFiles, writeFiles } from '../init/files.ts'
import { listNames } from '../init/folder.ts'
import { type Lines, linesFor } from '../init/lines.ts'
import { type PackageManager, type Project, readProject } from '../init/project.ts'
import { planRegistration } from '../init/register.ts'
import type { Style } from '../output.ts'
import { loadSettings, type Settings, shortPath } from '../settings.ts'

/** `fingerpost init` */
export const command = defineCommand({
  usage: '',
  description: `Look at the project in the working directory and show what fingerpost needs there: a config file, a
    script, a line of .gitignore, the lines that register it in the app, and a tag for templates. Nothing is changed
    without --write. Files that exist are never replaced: lines are inserted into package.json, .gitignore and the app,
    the last only where the file has one statement const app = Fastify(…). Otherwise the lines are printed.`,
  examples: ['init', 'init --write'],
  options: {
    write: { kind: 'flag', short: 'w', help: 'Write the files' },
  },
  maxPositionals: 0,
  async run({ options: { write } }, context) {
    const { cwd, stderr } = context
    await startLexer()
    const project = readProject(cwd)
    const config = possibleConfigFiles(cwd, undefined).find((file) => existsSync(file))
    const settings = config === undefined ? undefined : await readConfig(context)
    const out = settings === undefined ? BUILD_DEFAULTS.out : shortPath(settings.out, cwd)
    const isInside = out !== '.' && !out.startsWith('/')
    const registration = planRegistration(cwd, project, out)
    const files = [
      ...planFiles(project, { config: config && basename(config), out: isInside ? out : undefined }),
      ...(registration ? [registration] : []),
    ]
    const sample = findSample(cwd, project, settings)
    const { app, plugins } = project
    const isRegistered =
      app.registered !== undefined || plugins !== undefined || registration?.kind === 'change'
    const lines = linesFor(project, { out, sample, isRegistered })
    const plan: Plan = { project, files, lines, isWritten: write }
    if (write) await writeFiles(cwd, files)
    return {
      json: () => toJson(plan),
      summary: formatPlan(plan, stderr.style),
    }
  },
})

/** The settings of the config file; undefined if it can't be loaded because fingerpost is not installed yet. */
async function readConfig(context: CommandContext): Promise<Settings | undefined> {
  try {
    return await loadSettings({ config: undefined }, [], context)
  } catch (error) {
    const cause = error instanceof FingerpostError ? error.cause : undefined
    const isMissing = isSystemError(cause, 'ERR_MODULE_NOT_FOUND') && cause.message.includes("'fingerpost'")
    if (isMissing) return undefined
    throw error
  }
}

/** What `init` found, does, and leaves to the user. */
interface Plan {
  readonly project: Project
  readonly files: readonly PlannedFile[]
  readonly lines: readonly Lines[]
  readonly isWritten: boolean
}

/** A stylesheet of the sources, else a module, by its name. */
function findSample(cwd: string, { sources }: Project, settings: Settings | undefined): string | undefined {
  const folders =
    settings === undefined
      ? sources.map((name) => ({ folder: join(cwd, name), prefix: '' }))
      : (settings.options.sources ?? []).map((source) => parseSource(source, settings.cwd))
  const names = folders
    .filter(({ folder }) => existsSync(folder))
    .flatMap(({ folder, prefix }) => listNames(folder).map((name) => prefix + name))
    // It is put between quotes in several languages.
    .filter((name) => /^[\w./-]+$/.test(name))
  return names.find((name) => name.endsWith('.css')) ?? names.find((name) => /\.m?js$/.test(name))
}

/** How each package manager adds a package, runs a script, and runs a program that is installed and one that is not. */
const MANAGERS: Readonly<
  Record<PackageManager, readonly [add: string, run: string, execute: string, download: string]>
> = {
  npm: ['npm install', 'npm run', 'npx', 'npx'],
  pnpm: ['pnpm add', 'pnpm run', 'pnpm exec', 'pnpm dlx'],
  yarn: ['yarn add', 'yarn run', 'yarn run', 'yarn dlx'],
  bun: ['bun add', 'bun run', 'bunx', 'bunx'],
}

/** The commands to run next. */
function stepsFor(project: Project): readonly string[] {
  const [add, run, execute] = MANAGERS[project.manager]
  const script = buildScript(project)
  const build = script === undefined ? `${execute} fingerpost build` : `${run} ${script}`
  return [...(project.missing.length === 0 ? [] : [`${add} ${project.missing.join(' ')}`]), build]
}

/** Pages of the documentation, which the package contains. */
function pagesFor({ engine, vite, usesFastifyStatic }: Project): readonly string[] {
  return [
    ...(engine ? [`templates/${engine.title.toLowerCase()}.md`] : []),
    ...(vite ? ['vite.md'] : []),
    'development.md',
    ...(usesFastifyStatic ? ['coming-from-fastify-static.md'] : []),
  ].map((page) => `node_modules/fingerpost/docs/${page}`)
}

function factsOf(project: Project): readonly string[] {
  const { manager, app, engine, hasView, isTypeScript, vite, usesFastifyStatic } = project
  return [
    manager,
    ...(isTypeScript ? ['TypeScript'] : []),
    app.loads === 'import' ? 'ES modules' : 'CommonJS',
    ...(engine ? [`${engine.title}${hasView ? ' with @fastify/view' : ''}`] : []),
    ...(vite ? ['Vite'] : []),
    ...(usesFastifyStatic ? ['@fastify/static'] : []),
  ]
}

function toJson({ project, files, lines, isWritten }: Plan): Readonly<Record<string, unknown>> {
  const { manager, app, engine, isTypeScript, vite, usesFastifyStatic, sources } = project
  const language = isTypeScript ? 'typescript' : 'javascript'
  const found = { manager, language, app: app.name, engine: engine?.packageName, sources, usesFastifyStatic }
  return {
    written: isWritten,
    found: { ...found, vite: vite !== undefined },
    ...{ files, lines, steps: stepsFor(project), pages: pagesFor(project) },
  }
}

function formatPlan(plan: Plan, style: Style): string {
  const { project, files, lines, isWritten } = plan
  const sources = project.sources.length === 0 ? '' : `, files in ${project.sources.join(', ')}`
  const isPending = !isWritten && files.some(({ kind }) => kind !== 'keep')
  const [, , execute, download] = MANAGERS[project.manager]
  const runner = project.missing.includes('fingerpost') ? download : execute
  return [
    `${style.dim('Found')} ${factsOf(project).join(', ')}${sources}\n\n`,
    ...files.map((file) => formatFile(file, isWritten, style)),
    ...lines.map(({ place, code }) => `\n${style.bold(`Add to ${place}`)}\n${indent(code)}`),
    `\n${style.bold('Then run')}\n${indent(stepsFor(project).join('\n'))}`,
    `\n${style.dim('While you develop, nothing needs to be built: live mode serves the sources. More:')}\n`,
    ...pagesFor(project).map((page) => `    ${style.dim(page)}\n`),
    isPending
      ? `\nNothing is changed yet. To write the files: ${style.cyan(`${runner} fingerpost init --write`)}\n`
      : '',
  ].join('')
}

function formatFile(file: PlannedFile, isWritten: boolean, style: Style): string {
  const path = style.bold(file.path)
  if (file.kind === 'keep') return `${style.dim('=')} ${path} ${style.dim(`stays: ${file.reason}`)}\n`
  const verb = { create: ['would be created', 'created'], change: ['would be extended by', 'extended by'] }[
    file.kind
  ]
  const text = file.kind === 'create' ? file.text : file.added
  return `${style.green('+')} ${path} ${verb[isWritten ? 1 : 0]}\n${indent(text)}`
}

/** Four spaces before each line. Lines without text stay empty. */
function indent(text: string): string {
  return text
    .trimEnd()
    .replace(/^(?=.)/gm, '    ')
    .concat('\n')
}
