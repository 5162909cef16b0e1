import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isSystemError } from '../core/error.ts'
import { collect } from '../find/collect.ts'
import { createFolderFinder } from '../find/folder-finder.ts'
import { locateSources } from '../find/source.ts'
import { formatNameTypes } from '../template/name-types.ts'
import { defineCommand } from './command.ts'
import { writeJson } from './json.ts'
import { COMMON_OPTIONS, loadSettings } from './settings.ts'
import { formatNumberOf } from './unit.ts'

const DEFAULT_FILE = 'fingerpost-names.d.ts'

/** `fingerpost types`: names as types. */
export const typesCommand = defineCommand({
  usage: '[SOURCE…]',
  description: `Writes a declaration file with the names of all files, after which static('css/styl.css') doesn't
compile and editors complete names. It needs no build. Names that are known at run time only
go through staticUrl(). Writes nothing if nothing has changed.`,
  options: {
    file: { kind: 'text', value: 'FILE', help: `where to (default ${DEFAULT_FILE})` },
    ignore: { kind: 'list', value: 'GLOB', help: 'leave these out, besides CVS, .* and *~' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const overrides = { sources: positionals, ignore: options.ignore }
    const { options: buildOptions, cwd } = await loadSettings(options, overrides, context)
    const sources = await locateSources(buildOptions.sources ?? [], { cwd })
    const ignore = buildOptions.ignore ?? []
    const { files } = await collect(sources.map((source) => createFolderFinder({ ...source, ignore })))
    const file = resolve(context.cwd, options.file ?? DEFAULT_FILE)
    const text = formatNameTypes(files.keys())
    const kind = (await readText(file)) === text ? 'unchanged' : 'written'
    if (kind === 'written') {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    if (options.json) writeJson({ kind, file, names: files.size }, context.stdout)
    else context.stderr.write(`${formatNumberOf(files.size, 'name')} in ${file} (${kind})\n`)
    return 0
  },
})

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
