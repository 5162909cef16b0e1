import { FingerpostError } from '../../core/error.ts'
import { nearestNames } from '../../core/nearest.ts'
import { parseLogicalPath } from '../../core/path.ts'
import { collect, findEverywhere } from '../../sources/collect.ts'
import type { Finder } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { COMMON_OPTIONS, loadSettings, type Settings } from '../settings.ts'

/** `fingerpost find NAME`: Django's findstatic. */
export const findCommand = defineCommand({
  usage: 'NAME [SOURCE…]',
  description: `Prints the path of every file that the sources have under NAME, the one that wins first.
NAME is what templates write: css/site.css. Exit code 1 if no source has it.`,
  options: {
    first: { kind: 'flag', help: 'print only the one that wins' },
    ignore: { kind: 'list', value: 'GLOB', help: 'leave these out, besides CVS, .* and *~' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const [name, ...sources] = positionals
    if (name === undefined)
      throw new FingerpostError('FP_USAGE', 'find needs a name: fingerpost find css/site.css')
    const settings = await loadSettings(options, { sources, ignore: options.ignore }, context)
    const finders = await createFinders(settings)
    const found = findEverywhere(finders, parseLogicalPath(name))
    if (found.length === 0) throw await notFound(name, finders)
    const shown = options.first ? found.slice(0, 1) : found
    if (options.json) {
      const files = shown.map(({ absolutePath, size, source }) => ({
        file: absolutePath,
        size,
        source: source.folder,
      }))
      writeJson({ name, files }, context.stdout)
    } else {
      context.stdout.write(shown.map(({ absolutePath }) => `${absolutePath}\n`).join(''))
    }
    return 0
  },
})

async function createFinders({ options, cwd }: Settings): Promise<readonly Finder[]> {
  const folders = await locateSources(options.sources ?? [], { cwd })
  return folders.map((folder) => createFolderFinder({ ...folder, ignore: options.ignore ?? [] }))
}

async function notFound(name: string, finders: readonly Finder[]): Promise<FingerpostError> {
  const { files } = await collect(finders)
  const nearest = nearestNames(name, files.keys())
  const folders = finders.map(
    ({ source }) => `${source.folder}${source.prefix === '' ? '' : ` (as ${source.prefix})`}`,
  )
  return new FingerpostError('FP_NOT_FOUND', `No source has ${name}.`, {
    remedy: `${nearest.length === 0 ? '' : `Did you mean ${nearest.join(' or ')}? `}Looked in ${folders.join(', ')}.`,
    details: { name, nearest },
  })
}
