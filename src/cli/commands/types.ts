import { resolve } from 'node:path'
import { saveNameTypes } from '../../builder/publish/name-types.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { formatNumberOf } from '../../report/unit.ts'
import { collect } from '../../sources/collect.ts'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSources, shortPath } from '../settings.ts'
import { createFinders } from './find.ts'

const DEFAULT_FILE = 'fingerpost-names.d.ts'

/** `fingerpost types [SOURCE]...` */
export const command = defineCommand({
  usage: '[SOURCE]...',
  description: `Write a declaration file with the names of all files. With it, static('css/styl.css') does not compile
    and editors complete names; names that are only known at run time go through staticUrl(). No build is needed. The
    file is only written if it changes.`,
  examples: ['types assets', 'types --file src/static-names.d.ts'],
  options: {
    file: {
      kind: 'value',
      short: 'f',
      value: 'FILE',
      help: `Output file (default: "types" of the config file, or ${DEFAULT_FILE})`,
    },
    ...flagsOf(BUILD_TABLE, 'ignore'),
    ...CONFIG_OPTION,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    const settings = await loadSources(options, positionals, context, 'fingerpost types assets')
    const { files } = await collect(await createFinders(settings))
    const { types } = settings.options
    const file =
      options.file === undefined && types !== undefined
        ? resolve(settings.cwd, types)
        : resolve(context.cwd, options.file ?? DEFAULT_FILE)
    const kind = await saveNameTypes(file, files.keys())
    const names = formatNumberOf(files.size, 'name')
    return {
      json: () => ({ kind, file, names: files.size }),
      summary: `${names} in ${shortPath(file, context.cwd)} (${kind})\n`,
    }
  },
})
