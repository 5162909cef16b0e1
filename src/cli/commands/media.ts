import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { createMediaStorage } from '../../media/media-storage.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { DURATION_SECONDS } from '../arguments.ts'
import { type CommandContext, type CommandResult, defineCommand } from '../command.ts'
import { BUCKET_OPTIONS, openBucket } from '../settings.ts'
import { formatBytes, formatNumberOf } from '../unit.ts'

interface Work {
  readonly storage: Storage
  readonly minAgeSeconds: number
  readonly options: { readonly used: string | undefined; readonly prefix: string | undefined }
}

/** `fingerpost media sweep|orphans DIR|s3://BUCKET/PREFIX` */
export const command = defineCommand({
  usage: 'sweep|orphans DIR|s3://BUCKET[/PREFIX]',
  description: `sweep removes what crashed uploads left in a folder or bucket: temporary files and multipart uploads
    that were never completed. It never touches stored files or anything young; run it from time to time. orphans
    lists stored files that the app does not use, one name per line, and removes nothing. It reads the names in use
    from standard input or --used, one per line.`,
  examples: ['media sweep /srv/media', 'media orphans s3://my-bucket/media --used names.txt'],
  options: {
    'min-age': {
      kind: 'value',
      value: 'DURATION',
      type: DURATION_SECONDS,
      help: `Skip files younger than this (default: ${LIMITS.sweepMinAgeHours}h)`,
    },
    used: {
      kind: 'value',
      value: 'FILE',
      help: 'orphans: File with the names in use (default: standard input)',
    },
    prefix: { kind: 'value', value: 'TEXT', help: 'orphans: Only names that start with this' },
    ...BUCKET_OPTIONS,
  },
  maxPositionals: 2,
  async run({ options, positionals: [verb = '', target] }, context) {
    const run = VERBS.get(verb)
    if (run === undefined || target === undefined)
      throw new FingerpostError('FP_USAGE', 'media needs a verb and a place.', {
        remedy: 'Try: fingerpost media sweep DIR, or fingerpost media orphans s3://BUCKET/PREFIX',
      })
    const storage = target.startsWith('s3:')
      ? await openBucket(target, options)
      : createFilesystemStorage({ root: resolve(context.cwd, target) })
    const minAgeSeconds = options['min-age'] ?? LIMITS.sweepMinAgeHours * 3600
    return run({ storage, minAgeSeconds, options }, context)
  },
})

const VERBS: ReadonlyMap<string, (work: Work, context: CommandContext) => Promise<CommandResult>> = new Map([
  ['sweep', sweep],
  ['orphans', listOrphans],
])

async function sweep({ storage, minAgeSeconds }: Work, { now }: CommandContext): Promise<CommandResult> {
  const removed = await storage.sweep(new Date(now() - minAgeSeconds * 1000))
  const summary = `${formatNumberOf(removed, 'leftover')} removed from ${storage.name}\n`
  return { json: { storage: storage.name, removed }, summary }
}

async function listOrphans(work: Work, context: CommandContext): Promise<CommandResult> {
  const { storage, minAgeSeconds, options } = work
  const used = await readNames(options.used ?? '-', context)
  // A failed query or a forgotten pipe looks like this, and people delete what is listed.
  if (used.length === 0) {
    throw new FingerpostError(
      'FP_USAGE',
      'The list of names in use is empty: every file would be an orphan.',
      {
        remedy: 'Pipe the names that the app uses into this command, or name a file with --used FILE.',
      },
    )
  }
  const search = { minAgeHours: minAgeSeconds / 3600, prefix: options.prefix ?? '' }
  const orphans: { readonly name: string; readonly size: number }[] = []
  const files = createMediaStorage(storage, { now: context.now }).orphans(used, search)
  for await (const { key: name, size } of files) {
    context.signal.throwIfAborted()
    orphans.push({ name, size })
  }
  const bytes = orphans.reduce((sum, { size }) => sum + size, 0)
  const found = `${formatNumberOf(orphans.length, 'orphan')} (${formatBytes(bytes)}) in ${storage.name}`
  return {
    json: { storage: storage.name, used: used.length, orphans, bytes },
    data: orphans.map(({ name }) => `${name}\n`).join(''),
    summary: `${found}, ${formatNumberOf(used.length, 'name')} in use\n`,
  }
}

/** Names, one per line. @throws FingerpostError `FP_USAGE` for an unreadable file */
async function readNames(file: string, { cwd, stdin }: CommandContext): Promise<readonly string[]> {
  try {
    const text = file === '-' ? await readAll(stdin?.() ?? []) : await readFile(resolve(cwd, file), 'utf8')
    return text.split(/\r?\n/).filter((line) => line !== '')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_USAGE', `Cannot read the names in use: ${reason}.`, { cause })
  }
}

async function readAll(chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}
