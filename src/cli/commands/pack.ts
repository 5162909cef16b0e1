import { resolve } from 'node:path'
import { pack } from '../../builder/maintain/pack.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSettings, readBuild, shortPath } from '../settings.ts'

const DEFAULT_ARCHIVE = 'fingerpost.tar'

/** `fingerpost pack [FILE]` */
export const command = defineCommand({
  usage: '[FILE]',
  description: `Write the current build, its manifest and all its files, to a tar archive (default:
    ${DEFAULT_ARCHIVE}). "fingerpost build --previous FILE" keeps these files in the next build, so that pages of the
    last deploy still find theirs when the old output is gone.`,
  examples: ['pack', 'pack last-build.tar -o public'],
  options: { ...flagsOf(BUILD_TABLE, 'out'), ...CONFIG_OPTION },
  maxPositionals: 1,
  async run({ options, positionals: [archive = DEFAULT_ARCHIVE] }, context) {
    const { cwd, stderr } = context
    const settings = await loadSettings(options, [], context)
    await readBuild(settings.out, context)
    const report = await pack(settings.options, resolve(cwd, archive), { cwd: settings.cwd })
    const facts = `${formatNumberOf(report.files, 'file')}, ${formatBytes(report.bytes)}`
    return {
      json: () => ({ ...report, out: settings.out }),
      summary: `${stderr.style.green('✓')} ${facts} packed into ${shortPath(report.archive, cwd)}\n`,
    }
  },
})
