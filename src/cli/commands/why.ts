import { collectAll } from '../../builder/build.ts'
import { type BuildOptions, parseBuildOptions } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { encodePath, packageFolderOf } from '../../core/path.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { explainFile, type FileStory } from '../../report/why.ts'
import { findEverywhere } from '../../sources/collect.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import { defineCommand } from '../command.ts'
import type { Style } from '../output.ts'
import { CONFIG_OPTION, loadSettings, readBuild, type Settings, shortPath } from '../settings.ts'
import { createFinders } from './find.ts'

/** Files that refer to a file and are listed; the rest is counted. */
const LISTED_USERS = 10

/** `fingerpost why NAME` */
export const command = defineCommand({
  usage: 'NAME',
  description: `Tell why a file is in the build: its source, the references that lead to it, its variants and their
    sizes, and since which build it has this content. NAME is a name, a hashed name, also of an earlier build, a URL, or
    what a module imports: lit.`,
  examples: ['why css/site.css', 'why /static/css/site.3f9a1c0b2d4e5f60.css'],
  options: {
    root: { kind: 'value', short: 'r', value: 'DIR', help: 'Folder of the build (default: staticfiles)' },
    ...CONFIG_OPTION,
  },
  maxPositionals: 1,
  async run({ options, positionals: [name] }, context) {
    if (name === undefined)
      throw new FingerpostError('FP_USAGE', 'why needs a name: fingerpost why css/site.css')
    const settings = await loadSettings({ config: options.config, out: options.root }, [], context)
    const { url } = await readBuild(settings.out, context)
    const story = await explainFile(createFilesystemStorage({ root: settings.out }), name)
    const source = await findSource(settings, story.path)
    const shown = { url, source: source && shortPath(source, context.cwd) }
    return {
      json: () => ({ ...story, url: url + encodePath(story.asset.file), source }),
      data: formatStory(story, shown, context.stdout.style),
    }
  },
})

/** The sources may be gone, as in a container that has the build only. */
async function findSource(settings: Settings, path: string): Promise<string | undefined> {
  try {
    const [own] = findEverywhere(await createFinders(settings), path)
    if (own !== undefined || packageFolderOf(path) === undefined) return own?.absolutePath
    const config = parseBuildOptions(settings.options as BuildOptions, settings.cwd)
    return (await collectAll(config)).files.get(path)?.absolutePath
  } catch (error) {
    if (error instanceof FingerpostError) return undefined
    throw error
  }
}

function formatStory(
  { path, asset, earlier, chain, users, since }: FileStory,
  { url, source }: { readonly url: string; readonly source: string | undefined },
  style: Style,
): string {
  const sizes = Object.entries(asset.encodings).map(
    ([encoding, { size }]) => `${encoding} ${formatBytes(size)}`,
  )
  const more = users.length > LISTED_USERS ? [`and ${users.length - LISTED_USERS} more`] : []
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['url', url + encodePath(asset.file)],
    ['asked for', earlier && `${earlier}, a file of an earlier build`],
    ['source', source],
    ['size', [formatBytes(asset.size), ...sizes].join(', ')],
    ['since', since && `build ${since.digest} of ${since.publishedAt.toISOString()}`],
    ['reached by', chain.length > 1 ? chain.join(' → ') : 'no other file of the build'],
    ['used by', users.length === 0 ? undefined : formatNumberOf(users.length, 'file')],
  ]
  const lines = rows.flatMap(([label, text]) =>
    text === undefined ? [] : `  ${style.dim(label.padEnd(10))}  ${text}\n`,
  )
  const list = [...users.slice(0, LISTED_USERS), ...more].map((user) => `    ${user}\n`)
  return `${style.bold(path)}\n${lines.join('')}${users.length === 0 ? '' : list.join('')}`
}
