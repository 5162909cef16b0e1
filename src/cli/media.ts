import { resolve } from 'node:path'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { createFilesystemStorage } from '../storage/filesystem.ts'
import { BUCKET_OPTIONS, isBucketUrl, openBucket } from './bucket.ts'
import { defineCommand } from './command.ts'
import { writeJson } from './json.ts'
import { formatNumberOf, parseDurationSeconds } from './unit.ts'

/** `fingerpost media sweep DIR|s3://BUCKET/PREFIX` */
export const mediaCommand = defineCommand({
  usage: 'sweep DIR|s3://BUCKET[/PREFIX]',
  description: `Removes what crashed uploads left in a folder or bucket: temporary files, multipart uploads
that were never completed. Run it from time to time; it touches nothing that was stored, and
nothing young.`,
  options: {
    'min-age': {
      kind: 'text',
      value: 'DURATION',
      help: `nothing younger goes (default ${LIMITS.sweepMinAgeHours}h)`,
    },
    ...BUCKET_OPTIONS,
    json: { kind: 'flag', help: 'print one JSON object on standard output' },
  },
  maxPositionals: 2,
  async run({ options, positionals: [verb, target] }, { cwd, now, stdout, stderr }) {
    if (verb !== 'sweep' || target === undefined)
      throw new FingerpostError('FP_USAGE', 'Write: fingerpost media sweep DIR, or s3://BUCKET/PREFIX')
    const minAge = options['min-age'] ?? `${LIMITS.sweepMinAgeHours}h`
    const olderThan = new Date(now() - parseDurationSeconds(minAge, 'min-age') * 1000)
    const storage = isBucketUrl(target)
      ? await openBucket(target, options)
      : createFilesystemStorage({ root: resolve(cwd, target) })
    const removed = await storage.sweep(olderThan)
    if (options.json) writeJson({ storage: storage.name, removed }, stdout)
    else stderr.write(`removed ${formatNumberOf(removed, 'leftover')} from ${storage.name}\n`)
    return 0
  },
})
