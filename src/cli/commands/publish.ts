import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { type PublishReport, publishBuild } from '../../deploy/publish.ts'
import { BUCKET_VARIANTS } from '../../deploy/publish-plan.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { atLeast, oneOf } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { createProgress, SILENT_PROGRESS } from '../progress.ts'
import { formatSome } from '../report.ts'
import { BUCKET_OPTIONS, CONFIG_OPTION, loadSettings, openBucket, readBuild } from '../settings.ts'
import { PRUNE_OPTIONS, pruneRules } from './prune.ts'

/** `fingerpost publish s3://BUCKET/PREFIX` */
export const command = defineCommand({
  usage: 's3://BUCKET[/PREFIX]',
  description: `Upload a build to a bucket: only missing files, several at a time, the manifest last. Credentials come
    from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE). After an interruption, run it again
    to continue.`,
  examples: ['publish s3://my-bucket/static', 'publish s3://my-bucket/static --prune --dry-run'],
  options: {
    ...flagsOf(BUILD_TABLE, 'out'),
    ...BUCKET_OPTIONS,
    variant: {
      kind: 'value',
      value: 'NAME',
      type: oneOf(...BUCKET_VARIANTS),
      help: 'Bytes to upload: identity (default), br, gzip or both',
    },
    concurrency: {
      kind: 'value',
      value: 'N',
      type: atLeast(1),
      help: `Uploads at a time (default: ${LIMITS.publishConcurrency})`,
    },
    prune: { kind: 'flag', help: 'Then remove files that no kept build needs' },
    ...PRUNE_OPTIONS,
    'dry-run': { kind: 'flag', short: 'n', help: 'Only report what would be uploaded and removed' },
    ...CONFIG_OPTION,
  },
  maxPositionals: 1,
  async run({ options, positionals: [url] }, context) {
    if (url === undefined)
      throw new FingerpostError('FP_USAGE', 'publish needs a bucket: fingerpost publish s3://BUCKET/PREFIX')
    const { out } = await loadSettings(options, [], context)
    const target = await openBucket(url, options)
    await readBuild(out, context)
    const progress = options.json ? SILENT_PROGRESS : createProgress(context.stderr, context.now)
    const { concurrency, variant } = options
    const report = await publishBuild(createFilesystemStorage({ root: out }), target, {
      mode: options['dry-run'] ? 'dry-run' : 'publish',
      ...(variant === undefined ? {} : { variant }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(options.prune ? { prune: pruneRules(options) } : {}),
      now: () => new Date(context.now()),
      signal: context.signal,
      onProgress: (state) => progress.show({ step: 'upload', ...state }),
    }).finally(() => progress.clear())
    return { json: () => report, summary: formatReport(report) }
  },
})

function formatReport({ kind, target, uploaded, bytes, unchanged, removed, deltas }: PublishReport): string {
  const [upload, remove] =
    kind === 'published' ? ['uploaded', 'removed'] : ['would be uploaded', 'would be removed']
  const files = `${formatNumberOf(uploaded.length, 'file')} (${formatBytes(bytes)})`
  const pruned = removed.length === 0 ? '' : `${formatNumberOf(removed.length, 'old file')} ${remove}\n`
  const listed = kind === 'published' ? [] : removed
  const names = formatSome(listed, LIMITS.shownProblems, 'files', ({ file }) => `  ${file}\n`)
  const left =
    deltas === 0
      ? ''
      : `${formatNumberOf(deltas, 'delta')} left here: a bucket can't choose, and sends whole files (docs/dictionaries.md)\n`
  return `${files} ${upload} to ${target}, ${formatNumberOf(unchanged, 'file')} already there\n${pruned}${names}${left}`
}
