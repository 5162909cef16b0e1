import { PRUNE_DEFAULTS, prune } from '../../builder/maintain/prune.ts'
import { defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { parseInteger } from '../option.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatBytes, formatNumberOf, parseDurationSeconds } from '../unit.ts'

/** `fingerpost prune` */
export const pruneCommand = defineCommand({
  usage: '',
  description: `Removes what no kept build needs. Only files that earlier builds recorded go: nothing of the
build in force, nothing too young, nothing that fingerpost didn't write.`,
  options: {
    out: { kind: 'text', value: 'DIR', help: 'the build (default staticfiles)' },
    keep: { kind: 'text', value: 'N', help: `builds whose files stay (default ${PRUNE_DEFAULTS.keep})` },
    'min-age': {
      kind: 'text',
      value: 'DURATION',
      help: 'what is younger stays, e.g. 90s, 15m, 2d (default 1h)',
    },
    'dry-run': { kind: 'flag', help: 'say what would go' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const { keep, 'min-age': minAge } = options
    const rules = {
      keep: keep === undefined ? PRUNE_DEFAULTS.keep : parseInteger(keep, 'keep', 1),
      minAgeSeconds:
        minAge === undefined ? PRUNE_DEFAULTS.minAgeSeconds : parseDurationSeconds(minAge, 'min-age'),
    }
    const { options: buildOptions, cwd } = await loadSettings(options, { out: options.out }, context)
    const mode = options['dry-run'] ? 'dry-run' : 'publish'
    const report = await prune(buildOptions, rules, { cwd, mode, signal: context.signal })
    if (options.json) {
      writeJson(report, context.stdout)
      return 0
    }
    const { stdout, stderr } = context
    for (const { file } of report.removed) stdout.write(`${file}\n`)
    const bytes = report.removed.reduce((sum, { size }) => sum + size, 0)
    const files = `${formatNumberOf(report.removed.length, 'file')}, ${formatBytes(bytes)}`
    const verb = report.kind === 'pruned' ? 'removed' : 'would go'
    stderr.write(
      `${stderr.style.green('✓')} ${files} ${verb}; ${formatNumberOf(report.kept, 'build')} kept\n`,
    )
    return 0
  },
})
