import { withRenames } from '../../builder/read/renamed-finder.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { nearestNames } from '../../core/nearest.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { parseLogicalPath } from '../../core/path.ts'
import { collect, findEverywhere } from '../../sources/collect.ts'
import type { Finder } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSources, type Settings } from '../settings.ts'

/** `fingerpost find NAME`: Django's findstatic. */
export const command = defineCommand({
  usage: 'NAME [SOURCE]...',
  description: `Print the path of every source file with this name, the one that wins first. NAME is what templates
    use: css/site.css. Exits with 1 if no source has it.`,
  examples: ['find css/site.css', 'find css/site.css assets theme --first'],
  options: {
    first: { kind: 'flag', help: 'Print only the file that wins' },
    ...flagsOf(BUILD_TABLE, 'ignore'),
    ...CONFIG_OPTION,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals: [name, ...sources] }, context) {
    if (name === undefined)
      throw new FingerpostError('FP_USAGE', 'find needs a name: fingerpost find css/site.css')
    const settings = await loadSources(options, sources, context, `fingerpost find ${name} assets`)
    const finders = await createFinders(settings)
    const found = findEverywhere(finders, parseLogicalPath(name))
    if (found.length === 0) throw await notFound(name, finders)
    const files = (options.first ? found.slice(0, 1) : found).map(({ absolutePath, size, source }) => {
      return { file: absolutePath, size, source: source.folder }
    })
    return { json: () => ({ name, files }), data: files.map(({ file }) => `${file}\n`).join('') }
  },
})

/** A finder for each source of the settings. */
export async function createFinders({ options, cwd }: Settings): Promise<readonly Finder[]> {
  const folders = await locateSources(options.sources ?? [], { cwd })
  const { ignore = [], transform = [], prehashed = [] } = options
  return folders.map((folder) =>
    withRenames(createFolderFinder({ ...folder, ignore }), { transform, prehashed }),
  )
}

async function notFound(name: string, finders: readonly Finder[]): Promise<FingerpostError> {
  const { files } = await collect(finders)
  const nearest = nearestNames(name, files.keys())
  const folders = finders.map(
    ({ source: { folder, prefix } }) => `${folder}${prefix === '' ? '' : ` (as ${prefix})`}`,
  )
  const hint = nearest.length === 0 ? '' : `Did you mean ${nearest.join(' or ')}? `
  return new FingerpostError('FP_NOT_FOUND', `${name} is not in the sources.`, {
    remedy: `${hint}Searched: ${folders.join(', ')}`,
    details: { name, nearest },
  })
}
