import { check } from '../../builder/maintain/check.ts'
import type { CheckReport } from '../../builder/report.ts'
import { parseBuildOptions } from '../../builder/settings/options.ts'
import { MANIFEST_FILE, parseManifest } from '../../core/manifest/manifest.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { checkTemplates, type TemplateReport } from '../../template/check-templates.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { formatProblem } from '../problem.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'

/** `fingerpost check` */
export const checkCommand = defineCommand({
  usage: '',
  description: `Reads a build again: every file there, with the digest and size its manifest promises, every
encoding the same bytes again, every reference leading to a file of the build. With --templates
also every name that templates give static() and its kin as a literal. Exit code 1 for a fault.`,
  options: {
    out: { kind: 'text', value: 'DIR', help: 'the build (default staticfiles)' },
    repair: { kind: 'flag', help: 'make encoded siblings anew that are missing or wrong' },
    templates: { kind: 'list', value: 'GLOB', help: "look up the names in these, e.g. 'views/**'" },
    ...COMMON_OPTIONS,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const { options: buildOptions, cwd } = await loadSettings(options, { out: options.out }, context)
    const rules = { repair: options.repair ? ('siblings' as const) : ('nothing' as const) }
    const report = await check(buildOptions, rules, { cwd, signal: context.signal })
    const { out } = parseBuildOptions(buildOptions, cwd)
    const templates =
      options.templates.length === 0 ? undefined : await lookUp(options.templates, out, context)
    if (options.json) writeJson({ ...report, templates }, context.stdout)
    else writeReport(report, templates, context)
    return report.faults.length === 0 && (templates?.problems ?? []).length === 0 ? 0 : 1
  },
})

async function lookUp(
  globs: readonly string[],
  out: string,
  { cwd }: CommandContext,
): Promise<TemplateReport> {
  const text = (await createFilesystemStorage({ root: out }).read(MANIFEST_FILE)).toString()
  const { assets } = parseManifest(text, `${out}/${MANIFEST_FILE}`)
  return checkTemplates({ globs, cwd, known: assets })
}

function writeReport(
  { faults, checked, repaired }: CheckReport,
  templates: TemplateReport | undefined,
  { stderr }: CommandContext,
): void {
  const { style } = stderr
  for (const { file, message } of faults) stderr.write(`${style.cyan(file)}  ${message}\n`)
  if (faults.length > 0)
    stderr.write('  Remove what is named and build again, or try --repair for siblings.\n')
  for (const file of repaired) stderr.write(`${style.cyan(file)}  made anew\n`)
  for (const problem of templates?.problems ?? []) stderr.write(formatProblem(problem, style))
  const mark = (count: number) => (count === 0 ? style.green('✓') : style.red('✗'))
  const verdict = faults.length === 0 ? 'all right' : formatNumberOf(faults.length, 'fault')
  const read = `${formatNumberOf(checked.files, 'file')}, ${formatBytes(checked.bytes)}`
  stderr.write(`${mark(faults.length)} ${read}: ${verdict}\n`)
  if (templates === undefined) return
  const { problems } = templates
  const names = `${formatNumberOf(templates.names, 'name')} in ${formatNumberOf(templates.templates, 'template')}`
  const unknown = problems.length === 0 ? 'all in the build' : `${problems.length} not in the build`
  stderr.write(`${mark(problems.length)} ${names}: ${unknown}\n`)
}
