import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { foldName } from '../../media/content/name.ts'
import { findUnservable, parseNameList, type Unservable } from '../../media/inspect.ts'
import { createMediaStorage } from '../../media/media-storage.ts'
import { formatBytes, formatNumberOf } from '../../report/unit.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { DURATION_SECONDS } from '../arguments.ts'
import { type CommandContext, type CommandResult, defineCommand } from '../command.ts'
import { BUCKET_OPTIONS, openBucket } from '../settings.ts'

interface Work {
  readonly storage: Storage
  readonly minAgeSeconds: number
  readonly options: { readonly used: string | undefined; readonly prefix: string | undefined }
}

/** `fingerpost media sweep|orphans|check DIR|s3://BUCKET/PREFIX` */
export const command = defineCommand({
  usage: 'sweep|orphans|check DIR|s3://BUCKET[/PREFIX]',
  description: `sweep removes what crashed uploads left in a folder or bucket: temporary files and multipart uploads
    that were never completed. It never touches stored files or anything young; run it from time to time. orphans
    lists stored files that the app does not use, one name per line, and removes nothing. It reads the names in use
    from standard input or --used, one per line or separated by NUL, in UTF-8 or UTF-16. check lists stored files
    that cannot be served, and why: for a folder that another program filled.`,
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
  ['check', listUnservable],
])

async function sweep({ storage, minAgeSeconds }: Work, { now }: CommandContext): Promise<CommandResult> {
  const removed = await storage.sweep(new Date(now() - minAgeSeconds * 1000))
  const summary = `${formatNumberOf(removed, 'leftover')} removed from ${storage.name}\n`
  return { json: () => ({ storage: storage.name, removed }), summary }
}

async function listUnservable({ storage }: Work, { signal }: CommandContext): Promise<CommandResult> {
  const found: Unservable[] = []
  for await (const file of findUnservable(storage)) {
    signal.throwIfAborted()
    found.push(file)
  }
  return {
    exitCode: found.length === 0 ? 0 : 1,
    json: () => ({ storage: storage.name, unservable: found }),
    data: found.map(({ name, reason }) => `${name}: ${reason}\n`).join(''),
    summary: `${formatNumberOf(found.length, 'file')} of ${storage.name} cannot be served\n`,
  }
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
  await checkUsed(storage, used.flat())
  const search = { minAgeHours: minAgeSeconds / 3600, prefix: options.prefix ?? '' }
  const orphans: { readonly name: string; readonly size: number }[] = []
  const files = createMediaStorage(storage, { now: context.now }).orphans(used.flat(), search)
  for await (const { key: name, size } of files) {
    context.signal.throwIfAborted()
    orphans.push({ name, size })
  }
  const bytes = orphans.reduce((sum, { size }) => sum + size, 0)
  const found = `${formatNumberOf(orphans.length, 'orphan')} (${formatBytes(bytes)}) in ${storage.name}`
  return {
    json: () => ({ storage: storage.name, used: used.length, orphans, bytes }),
    data: orphans.map(({ name }) => `${name}\n`).join(''),
    summary: `${found}, ${formatNumberOf(used.length, 'name')} in use\n`,
  }
}

/**
 * No name that matches a stored file is a list of something else: URLs, paths, another table.
 *
 * @throws FingerpostError `FP_USAGE`
 */
async function checkUsed(storage: Storage, used: readonly string[]): Promise<void> {
  const folded = new Set(used.map(foldName))
  let example: string | undefined
  for await (const { key } of storage.list()) {
    if (folded.has(foldName(key))) return
    example ??= key
  }
  if (example === undefined) return
  throw new FingerpostError('FP_USAGE', `None of the names in use is stored in ${storage.name}.`, {
    remedy: `Write names as the app stores them, for example ${example}`,
  })
}

/** @throws FingerpostError `FP_USAGE` for an unreadable file and an unknown encoding */
async function readNames(
  file: string,
  { cwd, stdin }: CommandContext,
): Promise<readonly (readonly string[])[]> {
  const bytes = await (file === '-' ? readAll(stdin?.() ?? []) : readFile(resolve(cwd, file))).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new FingerpostError('FP_USAGE', `Cannot read the names in use: ${reason}.`, { cause })
    },
  )
  const names = parseNameList(bytes)
  if (names !== undefined) return names
  throw new FingerpostError('FP_USAGE', 'The list of names in use is neither UTF-8 nor UTF-16 with a mark.', {
    remedy: 'Save it as UTF-8.',
  })
}

async function readAll(chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
