import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BUILD_DEFAULTS } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { MANIFEST_FILE, parseManifest } from '../../core/manifest/manifest.ts'
import { checkNginxConfig, type NginxFinding } from '../../deploy/nginx/check.ts'
import { formatNginxConfig } from '../../deploy/nginx/config.ts'
import type { NginxMedia } from '../../deploy/nginx/media.ts'
import { findNginx } from '../../deploy/nginx/module.ts'
import type { NginxStatic } from '../../deploy/nginx/static.ts'
import { type CommandContext, defineCommand, type ExitCode } from '../command.ts'
import { writeJson } from '../json.ts'
import type { OptionTable, OptionValues } from '../option.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'

const OPTIONS = {
  out: { kind: 'text', value: 'DIR', help: 'the build (default staticfiles)' },
  app: { kind: 'text', value: 'URL', help: 'where the app listens (default http://127.0.0.1:3000), or none' },
  listen: { kind: 'text', value: 'ADDRESS', help: 'what nginx listens on (default 80)' },
  'server-name': { kind: 'text', value: 'NAMES', help: 'host names, separated by blanks (default _)' },
  media: { kind: 'text', value: 'DIR|URL', help: 'the media folder, or the address of the S3 server' },
  'media-url': { kind: 'text', value: 'URL', help: 'the url option of the media plugin (default /media/)' },
  'media-private': { kind: 'flag', help: 'the app decides about each file (send: { accel: … })' },
  internal: { kind: 'text', value: 'PATH', help: 'the location for it (default /internal-media/)' },
  'upload-limit': {
    kind: 'text',
    value: 'MIB',
    help: `the plugin's maxRequestBytes in MiB (default ${LIMITS.uploadMaxRequestBytes / 1024 / 1024})`,
  },
  whole: { kind: 'flag', help: 'print a whole nginx.conf instead of a file for conf.d' },
  check: { kind: 'text', value: 'FILE', help: 'find mistakes in this configuration instead' },
  ...COMMON_OPTIONS,
} as const satisfies OptionTable

type Options = OptionValues<typeof OPTIONS>

/** `fingerpost nginx` */
export const nginxCommand = defineCommand({
  usage: '',
  description: `Prints an nginx configuration for a build, its media and the app behind it, with its reasons. Types,
the brotli module and names that only look hashed are those of this build and this machine.
With --check FILE: finds mistakes in a configuration you have; exit code 1 if there are any.`,
  options: OPTIONS,
  maxPositionals: 0,
  run: ({ options }, context) =>
    options.check === undefined ? print(options, context) : check(options, options.check, context),
})

async function print(options: Options, context: CommandContext): Promise<ExitCode> {
  const abilities = await findNginx()
  const app = appOf(options)
  const text = formatNginxConfig({
    listen: options.listen ?? '80',
    serverName: options['server-name'] ?? '_',
    app,
    static: await readStatic(options, context, abilities?.brotli === true),
    media: mediaOf(options, context, app),
    whole: options.whole ? { modules: abilities?.modules ?? [] } : undefined,
  })
  if (options.json) writeJson({ config: text }, context.stdout)
  else context.stdout.write(text)
  return 0
}

async function check(options: Options, file: string, context: CommandContext): Promise<ExitCode> {
  const text = await readFile(resolve(context.cwd, file), 'utf8').catch((cause: unknown) => {
    throw new FingerpostError('FP_USAGE', `--check ${file}: the file can't be read.`, { cause })
  })
  const { media } = options
  const { root } = await outOf(options, context)
  const folders = media === undefined || isAddress(media) ? [] : [resolve(context.cwd, media)]
  const findings = checkNginxConfig(text, {
    roots: [root, ...folders],
    internal: [options.internal ?? '/internal-media/'],
    maxRequestBytes: media === undefined ? undefined : uploadLimitOf(options),
  })
  if (options.json) writeJson({ file, findings }, context.stdout)
  else for (const finding of findings) context.stderr.write(describe(file, finding))
  return findings.length === 0 ? 0 : 1
}

function describe(file: string, { line, message, remedy }: NginxFinding): string {
  return `${file}:${line}  ${message}\n  ${remedy}\n`
}

async function readStatic(options: Options, context: CommandContext, brotli: boolean): Promise<NginxStatic> {
  const { root } = await outOf(options, context)
  const path = join(root, MANIFEST_FILE)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FingerpostError('FP_MANIFEST', `There is no build in ${root}.`, {
      remedy: 'Build first: fingerpost build. Or name its folder with --out DIR.',
      cause,
    })
  })
  return { root, manifest: parseManifest(text, path), brotli }
}

async function outOf(options: Options, context: CommandContext): Promise<{ readonly root: string }> {
  const settings = await loadSettings(options, { out: options.out }, context)
  return { root: resolve(settings.cwd, settings.options.out ?? BUILD_DEFAULTS.out) }
}

function appOf({ app = 'http://127.0.0.1:3000' }: Options): string | undefined {
  if (app === 'none') return undefined
  if (isAddress(app)) return app
  throw new FingerpostError('FP_USAGE', `--app ${app}: an address such as http://127.0.0.1:3000 is needed.`)
}

function mediaOf(options: Options, { cwd }: CommandContext, app: string | undefined): NginxMedia | undefined {
  const { media, 'media-url': url = '/media/', 'media-private': isPrivate } = options
  if (media === undefined) return undefined
  const isBucket = isAddress(media)
  if (app === undefined && (isPrivate || isBucket))
    throw new FingerpostError(
      'FP_USAGE',
      'Private media, and media in a bucket, need an app that decides: --app URL',
    )
  return {
    url,
    source: isBucket ? { kind: 'bucket', endpoint: media } : { kind: 'folder', root: resolve(cwd, media) },
    via: isPrivate || isBucket ? 'accel' : 'direct',
    internal: options.internal ?? '/internal-media/',
    maxRequestBytes: uploadLimitOf(options),
    resourcePolicy: 'same-origin',
  }
}

function uploadLimitOf({ 'upload-limit': limit }: Options): number {
  if (limit === undefined) return LIMITS.uploadMaxRequestBytes
  if (/^[1-9]\d{0,6}$/.test(limit)) return Number(limit) * 1024 * 1024
  throw new FingerpostError('FP_USAGE', `--upload-limit ${limit}: a number of MiB is needed.`)
}

function isAddress(text: string): boolean {
  return /^https?:\/\//.test(text)
}
