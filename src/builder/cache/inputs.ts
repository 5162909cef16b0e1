import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest, Digester } from '../../core/digest.ts'
import type { Collection } from '../../sources/finder.ts'
import { VITE_MANIFEST } from '../read/prehashed.ts'
import { createLineDigest } from './line-digest.ts'

/** All that a build sees of its sources without reading them. */
export interface Inputs {
  /** Of everything but the stats of files: their paths and places, what loses or is left out, Vite's manifests. */
  readonly names: Digest
  /** Size, mtime, ctime and inode of every file, in order of path, 8 bytes each: numbers take a fifth of the time of text. */
  readonly stats: Buffer
}

const BYTES_PER_STAT = 4 * 8

/** Looks at what was collected. */
export function describeInputs(collection: Collection, digester: Digester): Inputs {
  const { files, shadowed, skipped } = collection
  const names = createLineDigest(digester)
  const stats = new BigInt64Array(files.size * 4)
  let at = 0
  for (const { path, absolutePath, size, mtimeNs, ctimeNs, inode } of files.values()) {
    names.add(`${path}\0${absolutePath}`)
    stats[at++] = BigInt(size)
    stats[at++] = mtimeNs
    stats[at++] = ctimeNs
    stats[at++] = inode
  }
  // What loses or is left out shows in messages.
  for (const { path, loser } of shadowed) names.add(`shadowed ${path}\0${loser.absolutePath}`)
  for (const { path, reason } of skipped) names.add(`skipped ${path}\0${reason}`)
  for (const file of viteManifests(collection)) {
    const found = statSync(file, { throwIfNoEntry: false })
    names.add(`vite ${file}\0${found?.size} ${found?.mtimeMs} ${found?.ctimeMs}`)
  }
  return { names: names.digest(), stats: Buffer.from(stats.buffer) }
}

/**
 * The same, to be remembered: what was touched a moment ago may be edited once more without its stat changing (law 4), so
 * that it must never count as unchanged.
 *
 * @param settledMs milliseconds since 1970: what was touched later is young
 */
export function withoutYoung(inputs: Inputs, collection: Collection, settledMs: number): Inputs {
  const settledNs = BigInt(settledMs) * 1_000_000n
  const stats = Buffer.from(inputs.stats)
  let at = 0
  for (const { mtimeNs, ctimeNs } of collection.files.values()) {
    if (mtimeNs > settledNs || ctimeNs > settledNs) stats.fill(NO_STAT, at, at + BYTES_PER_STAT)
    at += BYTES_PER_STAT
  }
  const isYoung = (file: string) => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found !== undefined && Math.max(found.mtimeMs, found.ctimeMs) > settledMs
  }
  return { names: viteManifests(collection).some(isYoung) ? NO_NAMES : inputs.names, stats }
}

/** No file has a stat of such bytes: sizes aren't negative. */
const NO_STAT = 0xff

/** No digest is like it. */
const NO_NAMES = ''

function viteManifests({ files }: Collection): readonly string[] {
  const folders = new Set<string>()
  for (const { source } of files.values()) folders.add(source.folder)
  return Array.from(folders, (folder) => join(folder, VITE_MANIFEST))
}
