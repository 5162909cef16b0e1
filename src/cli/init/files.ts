import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Project } from './project.ts'

/** A file as `init` leaves it. */
export type PlannedFile =
  | { readonly kind: 'create'; readonly path: string; readonly text: string }
  /** `added` is shown; `text` is the whole file. */
  | { readonly kind: 'change'; readonly path: string; readonly text: string; readonly added: string }
  | { readonly kind: 'keep'; readonly path: string; readonly reason: string }

/** What the files are written for. */
export interface FilesContext {
  /** The config file that is there already. */
  readonly config: string | undefined
  /** The folder of the build relative to the project; undefined where it is elsewhere. */
  readonly out: string | undefined
}

const SCRIPT = 'build:static'

/** The folder and file of a project that has no static files yet. */
const FIRST_FILE = { folder: 'assets', name: 'css/site.css' } as const

const FIRST_STYLES = `body {
  font-family: system-ui, sans-serif;
}
`

/** Every file that a project lacks, and those that stay. */
export function planFiles(project: Project, { config, out }: FilesContext): readonly PlannedFile[] {
  const { sources, vite } = project
  const isEmpty = config === undefined && sources.length === 0 && vite === undefined
  return [
    config === undefined
      ? { kind: 'create', path: configName(project), text: configText(project) }
      : { kind: 'keep', path: config, reason: 'exists' },
    ...(isEmpty
      ? [{ kind: 'create', path: `${FIRST_FILE.folder}/${FIRST_FILE.name}`, text: FIRST_STYLES } as const]
      : []),
    planScript(project),
    ...(project.gitignore === undefined || out === undefined ? [] : [planGitignore(project.gitignore, out)]),
  ]
}

/** Writes what is planned. @throws FingerpostError `FP_EXISTS` for a file to create that came meanwhile, `FP_STORAGE` */
export async function writeFiles(folder: string, files: readonly PlannedFile[]): Promise<void> {
  for (const file of files) {
    if (file.kind === 'keep') continue
    const mode = statSync(join(folder, file.path), { throwIfNoEntry: false })?.mode ?? 0o644
    const storage = createFilesystemStorage({ root: folder, fileMode: mode & 0o7777 })
    await storage.save(file.path, Buffer.from(file.text), { overwrite: file.kind === 'change' })
  }
}

/** JavaScript in TypeScript projects too: every Node loads it, and `defineConfig` gives it types. */
function configName({ isModule }: Project): string {
  return `fingerpost.config.${isModule ? 'js' : 'mjs'}`
}

function configText({ sources, vite, isTypeScript, hasSrc }: Project): string {
  const folders = [...sources, ...(vite ? [vite.outDir] : [])]
  const list = (folders.length === 0 ? [FIRST_FILE.folder] : folders).map((folder) => `'${folder}'`)
  const lines = [
    `sources: [${list.join(', ')}],`,
    ...(vite?.base === undefined ? [] : [`url: '${vite.base}',`]),
    ...(isTypeScript ? [`types: '${hasSrc ? 'src/' : ''}static-names.d.ts',`] : []),
  ]
  const body = lines.map((line) => `  ${line}\n`).join('')
  return `import { defineConfig } from 'fingerpost'\n\nexport default defineConfig({\n${body}})\n`
}

/** The script that builds, by its name: one that is there, or the one that `init` adds. undefined if its name is taken. */
export function buildScript({ scripts }: Project): string | undefined {
  const known = Object.entries(scripts).find(([, script]) => /\bfingerpost build\b/.test(String(script)))
  return known?.[0] ?? (SCRIPT in scripts ? undefined : SCRIPT)
}

function planScript(project: Project): PlannedFile {
  const path = 'package.json'
  const { manifest, scripts, vite } = project
  const name = buildScript(project)
  if (name === undefined) return { kind: 'keep', path, reason: `its script "${SCRIPT}" does something else` }
  if (name in scripts) return { kind: 'keep', path, reason: `its script "${name}" builds` }
  const command = `${vite ? 'vite build && ' : ''}fingerpost build`
  const added = `"${SCRIPT}": "${command}"`
  const text = addScript(manifest, command)
  if (text === undefined) return { kind: 'keep', path, reason: `add to its scripts ${added}` }
  return { kind: 'change', path, text, added }
}

/**
 * Inserts the script as text, so that the rest of the file keeps its format.
 *
 * @returns undefined if the result were not the same object with one more script
 */
function addScript(manifest: string, command: string): string | undefined {
  const end = manifest.includes('\r\n') ? '\r\n' : '\n'
  const indent = /^\s*\{\r?\n([ \t]+)/.exec(manifest)?.[1] ?? '  '
  const entry = `${end}${indent}${indent}"${SCRIPT}": "${command}"`
  const before = JSON.parse(manifest)
  const head = manifest.slice(0, manifest.lastIndexOf('}')).trimEnd()
  const rest = manifest.slice(head.length)
  const comma = Object.keys(before).length === 0 ? '' : ','
  const text =
    'scripts' in before
      ? manifest.replace(/("scripts"\s*:\s*\{)(\s*\}?)/, (_match, open: string, next: string) =>
          next.endsWith('}') ? `${open}${entry}${end}${indent}}` : `${open}${entry},${next}`,
        )
      : `${head}${comma}${end}${indent}"scripts": {${entry}${end}${indent}}${rest.startsWith('}') ? end : ''}${rest}`
  const wanted = { ...before, scripts: { ...before.scripts, [SCRIPT]: command } }
  return isDeepStrictEqual(JSON.parse(text), wanted) ? text : undefined
}

function planGitignore(gitignore: string, out: string): PlannedFile {
  const path = '.gitignore'
  const lines = gitignore.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, ''))
  const wanted = [
    ...(lines.includes(out) ? [] : [`${out}/`]),
    // The cache is in there.
    ...(lines.some((line) => /(^|\/)(node_modules|\.cache)$/.test(line)) ? [] : ['node_modules/.cache/']),
  ]
  if (wanted.length === 0) return { kind: 'keep', path, reason: `has ${out}/` }
  const end = gitignore.includes('\r\n') ? '\r\n' : '\n'
  const start = gitignore === '' || gitignore.endsWith('\n') ? gitignore : gitignore + end
  return {
    kind: 'change',
    path,
    text: start + wanted.map((line) => line + end).join(''),
    added: wanted.join('\n'),
  }
}
