import { resolve } from 'node:path'
import { saveNameTypes } from '../../builder/publish/name-types.ts'
import { collect } from '../../sources/collect.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'
import { formatNumberOf } from '../unit.ts'

/** Where the names go unless an option or the config file says otherwise. */
const DEFAULT_FILE = 'fingerpost-names.d.ts'

/** `fingerpost types`: names as types. */
export const typesCommand = defineCommand({
  usage: '[SOURCE…]',
  description: `Writes a declaration file with the names of all files, after which static('css/styl.css') doesn't
compile and editors complete names. It needs no build. Names that are known at run time only
go through staticUrl(). Writes nothing if nothing has changed.`,
  options: {
    file: {
      kind: 'text',
      value: 'FILE',
      help: `where to; default the config file's types, or ${DEFAULT_FILE}`,
    },
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
    const { types } = buildOptions
    const file =
      options.file === undefined && types !== undefined
        ? resolve(cwd, types)
        : resolve(context.cwd, options.file ?? DEFAULT_FILE)
    const kind = await saveNameTypes(file, files.keys())
    if (options.json) writeJson({ kind, file, names: files.size }, context.stdout)
    else context.stderr.write(`${formatNumberOf(files.size, 'name')} in ${file} (${kind})\n`)
    return 0
  },
})
