import { spawn } from 'node:child_process'
import { relative, resolve } from 'node:path'
import { collectAll } from '../../builder/build.ts'
import { recallLastWork } from '../../builder/last-work.ts'
import { type BuildOptions, parseBuildOptions } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import type { LogicalPath } from '../../core/path.ts'
import { formatGrowth, formatMarkdown, growthOf } from '../../report/markdown.ts'
import { savePage } from '../../report/page.ts'
import { createReport, type ReportOptions } from '../../report/report.ts'
import type { SiteReport } from '../../report/site-report.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { ValueType } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import type { Style } from '../output.ts'
import { CONFIG_OPTION, loadSettings, readBuild, type Settings, shortPath } from '../settings.ts'

const DEFAULT_FILE = 'report.html'

const PERCENT: ValueType<number> = {
  expected: 'a percentage: 5%',
  parse: (text) => (/^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : undefined),
}

/** `fingerpost report` */
export const command = defineCommand({
  usage: '',
  description: `Write a page about the current build (default: ${DEFAULT_FILE}): what takes the space, what changed
    since earlier builds and why, what compression saves, which files deserve a look. --against compares with another
    build: a kept one by its digest, a folder, an archive of "fingerpost pack", or the address of a manifest. With
    --max-growth the exit code is 1 if the site has grown by more.`,
  examples: ['report --open', 'report --against last-build.tar --max-growth 5% --markdown'],
  options: {
    root: { kind: 'value', short: 'r', value: 'DIR', help: 'Folder of the build (default: staticfiles)' },
    out: {
      kind: 'value',
      short: 'o',
      value: 'FILE',
      help: `Where to write the page (default: ${DEFAULT_FILE})`,
    },
    open: { kind: 'flag', help: 'Show the page in the browser' },
    against: { kind: 'value', value: 'BUILD', help: 'Compare with this build' },
    'max-growth': {
      kind: 'value',
      value: 'PERCENT',
      type: PERCENT,
      help: 'Fail if downloads grow by more: 5%',
    },
    markdown: { kind: 'flag', help: 'Print a summary in Markdown instead of writing the page' },
    ...CONFIG_OPTION,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const { cwd, stderr } = context
    const { root, against, 'max-growth': maxGrowth } = options
    if (maxGrowth !== undefined && against === undefined) {
      throw new FingerpostError('FP_USAGE', '--max-growth needs a build to compare with: --against BUILD')
    }
    const writesPage = options.out !== undefined || !(options.json || options.markdown)
    if (options.open && !writesPage) {
      throw new FingerpostError(
        'FP_USAGE',
        '--open needs a page. With --json or --markdown, name it: --out FILE',
      )
    }
    const settings = await loadSettings({ config: options.config, out: root }, [], context)
    await readBuild(settings.out, context)
    const report = await reportOn(settings, { against, cwd })
    const file = writesPage ? resolve(cwd, options.out ?? DEFAULT_FILE) : undefined
    if (file !== undefined) await savePage(file, report)
    if (file !== undefined && options.open) openInBrowser(file)
    const grown = isTooLarge(report, maxGrowth)
    return {
      exitCode: grown ? 1 : 0,
      json: () => report,
      data: options.markdown
        ? formatMarkdown(report) + (grown ? `\n**${describeLimit(maxGrowth)}**\n` : '')
        : '',
      summary: formatSummary(report, { grown, maxGrowth, file: file && shortPath(file, cwd) }, stderr.style),
    }
  },
})

/** Reports on a build, with the sources of its files where they can be found. */
export async function reportOn(settings: Settings, options: ReportOptions): Promise<SiteReport> {
  const storage = createFilesystemStorage({ root: settings.out })
  const config = parseBuildOptions(settings.options, settings.cwd)
  const workOf = (digest: string) => recallLastWork(config, { out: storage.name, digest })
  return createReport(storage, { workOf, ...options, sources: await findSources(settings) })
}

/** The sources may be gone, as in a container that has the build only. */
async function findSources({ options, cwd }: Settings): Promise<ReadonlyMap<LogicalPath, string>> {
  if ((options.sources ?? []).length === 0) return new Map()
  try {
    const { files } = await collectAll(parseBuildOptions(options as BuildOptions, cwd))
    return new Map(
      Array.from(files.values(), ({ path, source }) => [path, relative(cwd, source.folder) || '.']),
    )
  } catch (error) {
    if (error instanceof FingerpostError) return new Map()
    throw error
  }
}

function isTooLarge({ changes: [latest] }: SiteReport, maxGrowth: number | undefined): boolean {
  return latest !== undefined && maxGrowth !== undefined && growthOf(latest) > maxGrowth
}

interface Outcome {
  readonly grown: boolean
  readonly maxGrowth: number | undefined
  readonly file: string | undefined
}

function formatSummary(report: SiteReport, { grown, maxGrowth, file }: Outcome, style: Style): string {
  const { totals, changes } = report
  const [latest] = changes
  const size = `${formatNumberOf(totals.files, 'file')}, ${formatBytes(totals.download)} to download`
  const since = latest === undefined ? '' : `, ${formatGrowth(latest)} since ${latest.since}`
  const mark = grown ? style.red('✗') : style.green('✓')
  const where = file === undefined ? '' : `  ${file}\n`
  const limit = grown ? `  ${describeLimit(maxGrowth)}\n` : ''
  return `${mark} ${size}${since}\n${limit}${where}`
}

function describeLimit(maxGrowth = 0): string {
  return `The limit is +${(maxGrowth * 100).toFixed(1)} % (--max-growth).`
}

/** By the program that each system has for it. */
function openInBrowser(file: string): void {
  const [program = '', ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[
    process.platform as string
  ] ?? ['xdg-open']
  const child = spawn(program, [...args, file], { stdio: 'ignore', detached: true })
  // A machine without a browser still has the file.
  child.on('error', () => undefined)
  child.unref()
}
