import { build } from '../../builder/build.ts'
import type { BuildEvent, BuildReport } from '../../builder/report.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { createProgress, type Progress, SILENT_PROGRESS } from '../progress.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatMilliseconds } from '../unit.ts'
import { writeBuildSummary } from './summary.ts'

/** `fingerpost build [SOURCE…]` */
export const buildCommand = defineCommand({
  usage: '[SOURCE…]',
  description: `Collects the files of all sources, gives each a name with the digest of its bytes, rewrites the
references between them, compresses what shrinks, and publishes the result with its manifest.
SOURCE is DIR or PREFIX=DIR; where two sources have a name, the first wins. Without any, the
config file's. Exit code 1 if a reference leads nowhere; then nothing is published.`,
  options: {
    out: { kind: 'text', value: 'DIR', help: 'where to (default staticfiles)' },
    url: {
      kind: 'text',
      value: 'URL',
      help: 'where browsers find it (default /static/); a path or a CDN address',
    },
    encodings: { kind: 'list', value: 'LIST', help: 'br,gzip,zstd (default br,gzip)' },
    ignore: { kind: 'list', value: 'GLOB', help: 'leave these out, besides CVS, .* and *~' },
    'allow-missing': { kind: 'list', value: 'GLOB', help: 'these may be missing' },
    'on-missing': { kind: 'text', value: 'error|warn', help: 'what a reference that leads nowhere does' },
    previous: {
      kind: 'text',
      value: 'PLACE',
      help: "keep this build's files too: a folder, an archive of pack, a manifest's address",
    },
    'no-cache': { kind: 'flag', help: 'remember nothing between builds' },
    'dry-run': { kind: 'flag', help: 'do everything but write the output' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const { options: buildOptions, cwd } = await loadSettings(
      options,
      {
        sources: positionals,
        out: options.out,
        url: options.url,
        encodings: options.encodings,
        ignore: options.ignore,
        allowMissing: options['allow-missing'],
        onMissing: options['on-missing'],
        previous: options.previous,
        cache: options['no-cache'] ? false : undefined,
      },
      context,
    )
    const progress = options.json ? SILENT_PROGRESS : createProgress(context.stderr, context.now)
    const report = await build(buildOptions, {
      cwd,
      signal: context.signal,
      mode: options['dry-run'] ? 'dry-run' : 'publish',
      onProgress: (event) => showEvent(event, progress, context),
    }).finally(() => progress.clear())
    if (options.json) writeJson(toJson(report), context.stdout)
    else writeBuildSummary(report, context.cwd, context.stderr)
    return 0
  },
})

/** The report, its manifest shortened to names: the rest stands in `manifest.json`. */
function toJson({ manifest, ...report }: BuildReport): Record<string, unknown> {
  const names = Array.from(manifest.assets, ([path, { file }]) => [path, file])
  return { ...report, url: manifest.url, digest: manifest.digest, assets: Object.fromEntries(names) }
}

function showEvent(event: BuildEvent, progress: Progress, { stderr }: CommandContext): void {
  switch (event.kind) {
    case 'step':
      progress.show({ step: event.step, done: 0, total: 0 })
      break
    case 'progress':
      progress.show({ ...event, share: event.totalBytes === 0 ? 1 : event.bytes / event.totalBytes })
      break
    case 'waiting': {
      const { pid, ageSeconds } = event
      progress.clear()
      stderr.write(
        `waiting for another build (process ${pid}, since ${formatMilliseconds(ageSeconds * 1000)})\n`,
      )
      break
    }
    default:
      event satisfies never
  }
}
