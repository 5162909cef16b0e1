import { resolve } from 'node:path'
import { prune } from '../../builder/maintain/prune.ts'
import { BUILD_DEFAULTS } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { type PublishReport, publishBuild } from '../../deploy/publish.ts'
import { BUCKET_VARIANTS, type BucketVariant } from '../../deploy/publish-plan.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { S3Storage } from '../../storage/s3/s3.ts'
import { BUCKET_OPTIONS, openBucket } from '../bucket.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { parseInteger } from '../option.ts'
import { createProgress, SILENT_PROGRESS } from '../progress.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatBytes, formatNumberOf, parseDurationSeconds } from '../unit.ts'

/** `fingerpost publish s3://BUCKET/PREFIX` */
export const publishCommand = defineCommand({
  usage: 's3://BUCKET[/PREFIX]',
  description: `Brings a build into a bucket: what is missing there, several files at a time, the manifest last.
Credentials are those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE).
Interrupted, it goes on where it was when it is run again.`,
  options: {
    out: { kind: 'text', value: 'DIR', help: 'the build (default staticfiles)' },
    ...BUCKET_OPTIONS,
    variant: {
      kind: 'text',
      value: 'NAME',
      help: 'identity (default), br, gzip or both: which bytes a hashed name has',
    },
    concurrency: {
      kind: 'text',
      value: 'N',
      help: `files at the same time (default ${LIMITS.publishConcurrency})`,
    },
    prune: { kind: 'flag', help: 'then remove what no kept build needs' },
    keep: { kind: 'text', value: 'N', help: 'builds whose files stay, with --prune (default 2)' },
    'min-age': { kind: 'text', value: 'DURATION', help: 'nothing younger goes, with --prune (default 1h)' },
    'dry-run': { kind: 'flag', help: 'say what would be done' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: 1,
  async run({ options, positionals: [url] }, context) {
    if (url === undefined) throw new FingerpostError('FP_USAGE', 'publish needs a bucket: s3://BUCKET/PREFIX')
    const settings = await loadSettings(options, { out: options.out }, context)
    const source = createFilesystemStorage({
      root: resolve(settings.cwd, settings.options.out ?? BUILD_DEFAULTS.out),
    })
    const target = await openBucket(url, options)
    const progress = options.json ? SILENT_PROGRESS : createProgress(context.stderr, context.now)
    const mode = options['dry-run'] ? 'dry-run' : 'publish'
    const { concurrency, variant } = options
    const report = await publishBuild(source, target, {
      mode,
      variant: parseVariant(variant),
      ...(concurrency === undefined ? {} : { concurrency: parseInteger(concurrency, 'concurrency', 1) }),
      now: () => new Date(context.now()),
      signal: context.signal,
      onProgress: (state) => progress.show({ step: 'upload', ...state }),
    })
    progress.clear()
    const removed = options.prune && mode === 'publish' ? await pruneBucket(target, options, context) : []
    if (options.json) writeJson({ ...report, removed }, context.stdout)
    else
      context.stderr.write(
        `${summarize(report)}${removed.length === 0 ? '' : `\nremoved ${formatNumberOf(removed.length, 'old file')}`}\n`,
      )
    return 0
  },
})

function parseVariant(text = 'identity'): BucketVariant {
  const found = BUCKET_VARIANTS.find((variant) => variant === text)
  if (found !== undefined) return found
  throw new FingerpostError('FP_USAGE', `--variant ${text}: one of ${BUCKET_VARIANTS.join(', ')} is needed.`)
}

async function pruneBucket(
  target: S3Storage,
  options: { readonly keep: string | undefined; readonly 'min-age': string | undefined },
  { now, signal }: CommandContext,
) {
  const { keep, 'min-age': minAge } = options
  const rules = {
    ...(keep === undefined ? {} : { keep: parseInteger(keep, 'keep', 1) }),
    ...(minAge === undefined ? {} : { minAgeSeconds: parseDurationSeconds(minAge, 'min-age') }),
  }
  const report = await prune({ sources: [] }, rules, { storage: target, now: () => new Date(now()), signal })
  return report.removed
}

function summarize({ kind, target, uploaded, bytes, unchanged }: PublishReport): string {
  const verb = kind === 'published' ? 'uploaded' : 'would upload'
  const files = `${formatNumberOf(uploaded.length, 'file')} (${formatBytes(bytes)})`
  return `${verb} ${files} to ${target}, ${formatNumberOf(unchanged, 'file')} there already`
}
