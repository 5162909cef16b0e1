import { check } from '../../builder/maintain/check.ts'
import type { CheckReport } from '../../builder/report.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { LIMITS } from '../../core/limit.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { checkTemplates, type TemplateReport } from '../../template/check-templates.ts'
import { defineCommand } from '../command.ts'
import type { Style } from '../output.ts'
import { formatProblems, formatSome } from '../report.ts'
import { CONFIG_OPTION, loadSettings, readBuild } from '../settings.ts'

/** `fingerpost check` */
export const command = defineCommand({
  usage: '',
  description: `Verify a build: every file exists and has the digest and size of the manifest, every encoding
    decodes to the same bytes, every reference points to a file of the build. --templates also looks up the names
    that templates pass to static() and its relatives as literals. Exit code 1 if anything is wrong.`,
  examples: ['check', "check --templates 'views/**'", 'check --repair'],
  options: {
    ...flagsOf(BUILD_TABLE, 'out'),
    repair: { kind: 'flag', help: 'Recreate missing or damaged precompressed files' },
    templates: { kind: 'list', short: 't', value: 'GLOB', help: 'Check the names in these templates' },
    integrity: {
      kind: 'flag',
      help: 'With --templates: every script and stylesheet tag must have integrity',
    },
    ...CONFIG_OPTION,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const { cwd, signal } = context
    const settings = await loadSettings(options, [], context)
    const { assets: known } = await readBuild(settings.out, context)
    const rules = { repair: options.repair ? ('variants' as const) : ('nothing' as const) }
    const report = await check(settings.options, rules, { cwd: settings.cwd, signal })
    const globs = options.templates
    const tags = options.integrity ? 'unverified' : 'none'
    const templates = globs.length === 0 ? undefined : await checkTemplates({ globs, cwd, known, tags })
    const isGood = report.faults.length === 0 && (templates?.problems ?? []).length === 0
    return {
      exitCode: isGood ? 0 : 1,
      json: () => ({ ...report, out: settings.out, templates }),
      summary: formatReport(report, templates, context.stderr.style),
    }
  },
})

function formatReport(report: CheckReport, templates: TemplateReport | undefined, style: Style): string {
  const { faults, checked, repaired } = report
  const mark = (count: number) => (count === 0 ? style.green('✓') : style.red('✗'))
  const most = LIMITS.shownProblems
  const lines = [
    formatSome(faults, most, 'faults', ({ file, message }) => `${style.cyan(file)}  ${message}\n`),
    faults.length === 0 ? '' : '  Remove these files and build again, or try --repair.\n',
    formatSome(repaired, most, 'files', (file) => `${style.cyan(file)}  repaired\n`),
    formatProblems(templates?.problems ?? [], style),
  ]
  const verdict = faults.length === 0 ? 'no faults' : formatNumberOf(faults.length, 'fault')
  const files = `${formatNumberOf(checked.files, 'file')}, ${formatBytes(checked.bytes)}`
  lines.push(`${mark(faults.length)} ${files}: ${verdict}\n`)
  if (templates !== undefined) {
    const bare = templates.problems.filter(({ code }) => code === 'integrity').length
    const unknown = templates.problems.length - bare
    const where = formatNumberOf(templates.templates, 'template')
    const result = unknown === 0 ? 'all in the build' : `${unknown} not in the build`
    lines.push(`${mark(unknown)} ${formatNumberOf(templates.names, 'name')} in ${where}: ${result}\n`)
    if (bare > 0) lines.push(`${mark(bare)} ${formatNumberOf(bare, 'tag')} without integrity\n`)
  }
  return lines.join('')
}
