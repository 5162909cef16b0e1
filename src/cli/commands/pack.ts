import { resolve } from 'node:path'
import { pack } from '../../builder/maintain/pack.ts'
import { defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'

/** Where an archive is written unless the command line says so. */
const DEFAULT_ARCHIVE = 'fingerpost.tar'

/** `fingerpost pack [FILE]` */
export const packCommand = defineCommand({
  usage: '[FILE]',
  description: `Writes the build in force, its manifest and every file of it, into one archive (tar, not
compressed; default ${DEFAULT_ARCHIVE}). With --previous FILE the next build carries them forward, so
that pages of the last deploy find their files though the old output isn't on the disk.`,
  options: {
    out: { kind: 'text', value: 'DIR', help: 'the build (default staticfiles)' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: 1,
  async run({ options, positionals }, context) {
    const { options: buildOptions, cwd } = await loadSettings(options, { out: options.out }, context)
    const file = resolve(context.cwd, positionals[0] ?? DEFAULT_ARCHIVE)
    const report = await pack(buildOptions, file, { cwd })
    if (options.json) writeJson(report, context.stdout)
    else {
      const { stderr } = context
      const facts = `${formatNumberOf(report.files, 'file')}, ${formatBytes(report.bytes)}`
      stderr.write(`${stderr.style.green('✓')} ${facts} packed into ${report.archive}\n`)
    }
    return 0
  },
})
