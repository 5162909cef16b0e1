import { clearCache } from '../../builder/cache/cache-folder.ts'
import { parseBuildOptions } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { defineCommand } from '../command.ts'
import { writeJson } from '../json.ts'
import { COMMON_OPTIONS, loadSettings } from '../settings.ts'

/** `fingerpost cache` */
export const cacheCommand = defineCommand({
  usage: '',
  description: `Where builds keep what they need not do twice. --clear removes it, and nothing else that
may be in the folder; the next build is slower and gives the same bytes.`,
  options: {
    clear: { kind: 'flag', help: 'remove what builds have kept' },
    ...COMMON_OPTIONS,
  },
  maxPositionals: 0,
  async run({ options }, context) {
    const { options: buildOptions, cwd } = await loadSettings(options, {}, context)
    const { cache } = parseBuildOptions(buildOptions, cwd)
    if (cache === false) {
      throw new FingerpostError('FP_CONFIG', 'The config file turns the cache off.', {
        remedy: 'There is nothing to show or clear.',
      })
    }
    if (options.clear) clearCache(cache.dir)
    if (options.json) writeJson({ dir: cache.dir, cleared: options.clear }, context.stdout)
    else context.stdout.write(`${cache.dir}\n`)
    return 0
  },
})
