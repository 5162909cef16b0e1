import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import picomatch from 'picomatch'
import { readDictionaries } from '../../builder/publish/dictionaries.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { checkNginxConfig } from '../../deploy/nginx/check.ts'
import { checkFolders } from '../../deploy/nginx/check-folders.ts'
import { findNginx, formatNginxConfig } from '../../deploy/nginx/config.ts'
import { type ReadIncluded, readNginxFiles } from '../../deploy/nginx/include.ts'
import type { NginxMedia } from '../../deploy/nginx/media.ts'
import { type NginxDirective, parseNginxConfig } from '../../deploy/nginx/syntax.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { atLeast, type CommandOptions, type OptionValues } from '../arguments.ts'
import { type CommandContext, type CommandResult, defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSettings, readBuild } from '../settings.ts'

const MIB = 1024 * 1024

const OPTIONS = {
  ...flagsOf(BUILD_TABLE, 'out'),
  app: { kind: 'value', value: 'URL', help: 'Address of the app, or none (default: http://127.0.0.1:3000)' },
  listen: { kind: 'value', value: 'ADDRESS', help: 'Address that nginx listens on (default: 80)' },
  'server-name': { kind: 'value', value: 'NAMES', help: 'Host names, separated by spaces (default: _)' },
  media: { kind: 'value', value: 'DIR|URL', help: 'Media folder, or address of the S3 server' },
  'media-url': { kind: 'value', value: 'URL', help: '"url" option of the media plugin (default: /media/)' },
  'media-private': { kind: 'flag', help: 'The app authorizes each file (send: { accel: … })' },
  internal: { kind: 'value', value: 'PATH', help: 'Location for it (default: /internal-media/)' },
  'upload-limit': {
    kind: 'value',
    value: 'MIB',
    type: atLeast(1),
    help: `maxRequestBytes of the plugin in MiB (default: ${LIMITS.uploadMaxRequestBytes / MIB})`,
  },
  whole: { kind: 'flag', help: 'Print a whole nginx.conf instead of a file for conf.d' },
  check: { kind: 'value', value: 'FILE', help: 'Find mistakes in this configuration instead' },
  ...CONFIG_OPTION,
} as const satisfies CommandOptions

type Options = OptionValues<typeof OPTIONS>

/** `fingerpost nginx` */
export const command = defineCommand({
  usage: '',
  description: `Print a commented nginx configuration for a build, its media and the app behind them. It has the media
    types of this build, and uses the brotli module if this machine's nginx has it. With --check FILE, find mistakes
    in an existing configuration; exit code 1 if there are any.`,
  examples: [
    'nginx --server-name example.com > /etc/nginx/conf.d/site.conf',
    'nginx --check /etc/nginx/conf.d/site.conf',
  ],
  options: OPTIONS,
  maxPositionals: 0,
  async run({ options }, context) {
    refuseUnused(options)
    const { out } = await loadSettings(options, [], context)
    return options.check === undefined
      ? print(options, out, context)
      : check(options, options.check, out, context)
  },
})

/** @throws FingerpostError `FP_USAGE` for an option of the media that would change nothing */
function refuseUnused(options: Options): void {
  const { media, check: checked } = options
  const needMedia = ['media-url', 'media-private', 'upload-limit', 'internal'] as const
  const unused =
    media === undefined
      ? needMedia.find((name) => options[name] && !(name === 'internal' && checked))
      : undefined
  if (unused !== undefined)
    throw new FingerpostError('FP_USAGE', `--${unused} is for a site with media. Add: --media DIR|URL`)
  if (checked || media === undefined || isAddress(media) || options['media-private']) return
  if (options.internal !== undefined)
    throw new FingerpostError('FP_USAGE', '--internal is for private media. Add: --media-private')
}

async function print(options: Options, root: string, context: CommandContext): Promise<CommandResult> {
  const manifest = await readBuild(root, context)
  const dictionaries = await readDictionaries(createFilesystemStorage({ root }))
  const nginx = await findNginx()
  const app = parseApp(options)
  const config = formatNginxConfig({
    listen: options.listen ?? '80',
    serverName: options['server-name'] ?? '_',
    app,
    static: { root, manifest, dictionaries, brotli: nginx?.brotli === true },
    media: mediaOf(options, context, app),
    whole: options.whole ? { modules: nginx?.modules ?? [] } : undefined,
  })
  return { json: () => ({ config }), data: config }
}

async function check(
  options: Options,
  file: string,
  build: string,
  { cwd }: CommandContext,
): Promise<CommandResult> {
  const { media, internal = '/internal-media/' } = options
  const folder = media === undefined || isAddress(media) ? undefined : resolve(cwd, media)
  const path = resolve(cwd, file)
  const text = readText(path) ?? cannotRead(file)
  const files = readNginxFiles(text, file, includedFrom(path))
  const inFolders = checkFolders(files.directives, mainAround(path), (await findNginx())?.user)
  const inFiles = checkNginxConfig(files, {
    build,
    media: folder,
    internal: [internal],
    privateFolders: options['media-private'] && folder !== undefined ? [folder] : [],
    maxRequestBytes: media === undefined ? undefined : maxRequestBytes(options),
    isProject: (each) => PROJECT_FILES.some((name) => existsSync(join(each, name))),
  })
  const findings = [...inFiles.findings, ...inFolders.findings]
  const notChecked = [...inFiles.notChecked, ...inFolders.notChecked]
  const lines = [
    ...findings.map(({ file, line, message, remedy }) => `${file}:${line}  ${message}\n  ${remedy}\n`),
    ...notChecked.map(({ file, line, what }) => `${file}:${line}  not checked: ${what}\n`),
  ]
  return {
    exitCode: findings.length === 0 ? 0 : 1,
    json: () => ({ file, findings, notChecked }),
    summary: lines.join(''),
  }
}

/** The directives of the nginx.conf that includes a file, as those of conf.d are. */
function mainAround(path: string): readonly NginxDirective[] {
  const near = [dirname(path), dirname(dirname(path))].map((folder) => join(folder, 'nginx.conf'))
  const main = near.find((each) => each !== path && existsSync(each))
  const text = main === undefined ? undefined : readText(main)
  return main === undefined || text === undefined ? [] : parseNginxConfig(text, main)
}

/** What only a folder with code or secrets has. */
const PROJECT_FILES = ['package.json', 'node_modules', '.git', '.env']

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function cannotRead(file: string): never {
  throw new FingerpostError('FP_USAGE', `--check ${file}: cannot read the file.`)
}

/**
 * Reads included files. Relative ones are in the folder of nginx.conf: that of the checked file, or one above it, as for
 * a file of conf.d.
 */
function includedFrom(path: string): ReadIncluded {
  const folders = [dirname(path), dirname(dirname(path))]
  return (pattern) => {
    if (pattern.includes('$')) return undefined
    if (/[*?[]/.test(pattern)) {
      const folder = folders.map((each) => resolve(each, dirname(pattern))).find((each) => existsSync(each))
      if (folder === undefined || /[*?[]/.test(folder)) return undefined
      const matches = picomatch(basename(pattern))
      const names = readdirSync(folder)
        .filter((name) => matches(name))
        .sort()
      return names.map((name) => ({ file: join(folder, name), text: readText(join(folder, name)) ?? '' }))
    }
    const file = folders.map((each) => resolve(each, pattern)).find((each) => existsSync(each))
    const text = file === undefined ? undefined : readText(file)
    return file === undefined || text === undefined ? undefined : [{ file, text }]
  }
}

function parseApp({ app = 'http://127.0.0.1:3000' }: Options): string | undefined {
  if (app === 'none') return undefined
  if (isAddress(app)) return app
  throw new FingerpostError('FP_USAGE', `--app ${app}: expected an address such as http://127.0.0.1:3000.`)
}

function mediaOf(options: Options, { cwd }: CommandContext, app: string | undefined): NginxMedia | undefined {
  const { media, 'media-url': url = '/media/', 'media-private': isPrivate } = options
  if (media === undefined) return undefined
  const isBucket = isAddress(media)
  if (app === undefined && (isPrivate || isBucket))
    throw new FingerpostError('FP_USAGE', 'Private media and media in a bucket need an app.', {
      remedy: 'Name its address with --app URL.',
    })
  return {
    url,
    source: isBucket ? { kind: 'bucket', endpoint: media } : { kind: 'folder', root: resolve(cwd, media) },
    via: isPrivate || isBucket ? 'accel' : 'direct',
    internal: options.internal ?? '/internal-media/',
    maxRequestBytes: maxRequestBytes(options),
    resourcePolicy: 'same-origin',
  }
}

function maxRequestBytes({ 'upload-limit': mebibytes }: Options): number {
  return mebibytes === undefined ? LIMITS.uploadMaxRequestBytes : mebibytes * MIB
}

function isAddress(text: string): boolean {
  return /^https?:\/\//.test(text)
}
