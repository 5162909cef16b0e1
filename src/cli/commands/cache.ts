import { clearCache } from '../../builder/cache/cache.ts'
import { parseBuildOptions } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTION, loadSettings } from '../settings.ts'

/** `fingerpost cache` */
export const command = defineCommand({
  usage: '',
  description: `Print the folder of the build cache. --clear empties it; other files in the folder stay. The next
    build takes longer and produces the same bytes.`,
  examples: ['cache', 'cache --clear'],
  options: {
    clear: { kind: 'flag', help: 'Empty the cache' },
    ...CONFIG_OPTION,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const settings = await loadSettings(options, [], context)
    const { cache } = parseBuildOptions(settings.options, settings.cwd)
    if (cache === false) throw new FingerpostError('FP_CONFIG', 'The config file turns the cache off.')
    if (options.clear) clearCache(cache.dir)
    return { json: () => ({ dir: cache.dir, cleared: options.clear }), data: `${cache.dir}\n` }
  },
})
