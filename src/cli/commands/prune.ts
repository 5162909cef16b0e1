import { PRUNE_DEFAULTS, type PruneOptions, prune } from '../../builder/maintain/prune.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { atLeast, type CommandOptions, DURATION_SECONDS, type OptionValues } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSettings, readBuild } from '../settings.ts'

/** What a prune keeps. */
export const PRUNE_OPTIONS = {
  keep: {
    kind: 'value',
    value: 'N',
    type: atLeast(1),
    help: `Builds to keep, the current one included (default: ${PRUNE_DEFAULTS.keep})`,
  },
  'min-age': {
    kind: 'value',
    value: 'DURATION',
    type: DURATION_SECONDS,
    help: 'Keep files younger than this: 90s, 15m, 2d (default: 1h)',
  },
} as const satisfies CommandOptions

/** `fingerpost prune` */
export const command = defineCommand({
  usage: '',
  description: `Remove files that no kept build needs. Only files that earlier builds recorded are removed: never a
    file of the current build, a young file, or a file that fingerpost did not write.`,
  examples: ['prune --dry-run', 'prune --keep 3 --min-age 2d'],
  options: {
    ...flagsOf(BUILD_TABLE, 'out'),
    ...PRUNE_OPTIONS,
    'dry-run': { kind: 'flag', short: 'n', help: 'Only list what would be removed' },
    ...CONFIG_OPTION,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const settings = await loadSettings(options, [], context)
    await readBuild(settings.out, context)
    const mode = options['dry-run'] ? 'dry-run' : 'publish'
    const environment = { cwd: settings.cwd, mode, signal: context.signal } as const
    const report = await prune(settings.options, pruneRules(options), environment)
    const bytes = report.removed.reduce((sum, { size }) => sum + size, 0)
    const files = `${formatNumberOf(report.removed.length, 'file')}, ${formatBytes(bytes)}`
    const verb = mode === 'publish' ? 'removed' : 'would be removed'
    const kept = formatNumberOf(report.kept, 'build')
    return {
      json: () => ({ ...report, out: settings.out }),
      data: report.removed.map(({ file }) => `${file}\n`).join(''),
      summary: `${context.stderr.style.green('✓')} ${files} ${verb}; ${kept} kept\n`,
    }
  },
})

/** The options as the builder takes them. */
export function pruneRules({ keep, 'min-age': age }: OptionValues<typeof PRUNE_OPTIONS>): PruneOptions {
  const { keep: usualKeep, minAgeSeconds } = PRUNE_DEFAULTS
  return { keep: keep ?? usualKeep, minAgeSeconds: age ?? minAgeSeconds }
}
