import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { createMediaStorage } from '../../media/media-storage.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { BUCKET_OPTIONS, isBucketUrl, openBucket } from '../bucket.ts'
import { type CommandContext, defineCommand, type ExitCode } from '../command.ts'
import { writeJson } from '../json.ts'
import { formatBytes, formatNumberOf, parseDurationSeconds } from '../unit.ts'

/** What both verbs work with. */
interface Work {
  readonly storage: Storage
  readonly minAgeSeconds: number
  readonly options: {
    readonly used: string | undefined
    readonly prefix: string | undefined
    readonly json: boolean
  }
}

/** `fingerpost media sweep|orphans DIR|s3://BUCKET/PREFIX` */
export const mediaCommand = defineCommand({
  usage: 'sweep|orphans DIR|s3://BUCKET[/PREFIX]',
  description: `sweep removes what crashed uploads left in a folder or bucket: temporary files, multipart
uploads that were never completed. Run it from time to time; it touches nothing that was
stored, and nothing young.
orphans prints the names of stored files that the app uses no more, one on each line, and
removes nothing. The names in use come from standard input or --used, one on each line.`,
  options: {
    'min-age': {
      kind: 'text',
      value: 'DURATION',
      help: `nothing younger counts (default ${LIMITS.sweepMinAgeHours}h)`,
    },
    used: { kind: 'text', value: 'FILE', help: 'orphans: the names in use (default -, standard input)' },
    prefix: { kind: 'text', value: 'TEXT', help: 'orphans: only names that begin so' },
    ...BUCKET_OPTIONS,
    json: { kind: 'flag', help: 'print one JSON object on standard output' },
  },
  maxPositionals: 2,
  async run({ options, positionals: [verb = '', target] }, context) {
    const run = VERBS.get(verb)
    if (run === undefined || target === undefined)
      throw new FingerpostError(
        'FP_USAGE',
        'Write: fingerpost media sweep DIR, or media orphans s3://BUCKET/PREFIX',
      )
    const minAge = options['min-age'] ?? `${LIMITS.sweepMinAgeHours}h`
    const minAgeSeconds = parseDurationSeconds(minAge, 'min-age')
    const storage = isBucketUrl(target)
      ? await openBucket(target, options)
      : createFilesystemStorage({ root: resolve(context.cwd, target) })
    return run({ storage, minAgeSeconds, options }, context)
  },
})

const VERBS: ReadonlyMap<string, (work: Work, context: CommandContext) => Promise<ExitCode>> = new Map([
  ['sweep', sweep],
  ['orphans', listOrphans],
])

async function sweep({ storage, minAgeSeconds, options }: Work, context: CommandContext): Promise<ExitCode> {
  const { now, stdout, stderr } = context
  const removed = await storage.sweep(new Date(now() - minAgeSeconds * 1000))
  if (options.json) writeJson({ storage: storage.name, removed }, stdout)
  else stderr.write(`removed ${formatNumberOf(removed, 'leftover')} from ${storage.name}\n`)
  return 0
}

async function listOrphans(
  { storage, minAgeSeconds, options }: Work,
  context: CommandContext,
): Promise<ExitCode> {
  const { now, stdout, stderr, signal } = context
  const used = await readNames(options.used ?? '-', context)
  // A query that failed and a pipe that was forgotten look like this, and somebody deletes what is printed.
  if (used.length === 0) {
    throw new FingerpostError('FP_USAGE', 'No name in use was given: every file would be an orphan.', {
      remedy: 'Pipe the names the app has stored into this command, or name a file with --used FILE.',
    })
  }
  const search = { minAgeHours: minAgeSeconds / 3600, prefix: options.prefix ?? '' }
  const orphans: { readonly name: string; readonly size: number }[] = []
  for await (const { key: name, size } of createMediaStorage(storage, { now }).orphans(used, search)) {
    signal.throwIfAborted()
    if (!options.json) stdout.write(`${name}\n`)
    orphans.push({ name, size })
  }
  const bytes = orphans.reduce((sum, { size }) => sum + size, 0)
  if (options.json) writeJson({ storage: storage.name, used: used.length, orphans, bytes }, stdout)
  const [found, names] = [formatNumberOf(orphans.length, 'orphan'), formatNumberOf(used.length, 'name')]
  stderr.write(`${found} (${formatBytes(bytes)}) in ${storage.name}, ${names} in use\n`)
  return 0
}

/** Names, one on each line. @throws FingerpostError `FP_USAGE` for a file that can't be read */
async function readNames(file: string, { cwd, stdin }: CommandContext): Promise<readonly string[]> {
  try {
    const text = file === '-' ? await textOf(stdin?.() ?? []) : await readFile(resolve(cwd, file), 'utf8')
    return text.split(/\r?\n/).filter((line) => line !== '')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_USAGE', `The names in use can't be read: ${reason}.`, { cause })
  }
}

async function textOf(pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}
