import { extensionCandidates } from '../../builder/link/extensionless.ts'
import { type Link, linkReferences } from '../../builder/link/link.ts'
import type { Fingerprint } from '../../builder/read/fingerprint.ts'
import type { FileScan } from '../../builder/read/scan-files.ts'
import type { SourceReader } from '../../builder/read/source-reader.ts'
import { type FinishedMember, type Name, type NamingContext, nameFiles } from '../../builder/rewrite/name.ts'
import { createDrafts, finishDraft } from '../../builder/rewrite/rewrite.ts'
import type { BuildConfig } from '../../builder/settings/options.ts'
import type { Digester } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { FileFacts } from './facts.ts'
import type { LiveTree } from './tree.ts'

/** A file and everything its bytes depend on, named as a build would name them. */
export interface Closure {
  /** The file that was asked for. */
  readonly root: LogicalPath
  /** The files it was worked out from. While the tree gives the same objects, it holds. */
  readonly members: ReadonlyMap<LogicalPath, SourceFile>
  /** Names that were looked for in vain. Once one of them is there, the closure is out of date. */
  readonly absent: ReadonlySet<LogicalPath>
  readonly names: ReadonlyMap<LogicalPath, Name>
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  readonly problems: readonly Problem[]
  /** The URLs that members ask for under an import map, and the names they stand for. */
  readonly moduleUrls: ReadonlyMap<string, string>
  /** The bytes that leave under a member's name. */
  read(path: LogicalPath): Buffer
}

/** What closures are worked out with. */
export interface ClosureWorkshop {
  readonly config: BuildConfig
  readonly tree: LiveTree
  readonly digester: Digester
  readonly reader: SourceReader
  readonly prehashed: ReadonlySet<LogicalPath>
  readonly facts: FileFacts
  readonly remembered: NamingContext['remembered']
}

/** Remembers the names of components, the oldest leaving first. */
export function createNameMemory(): NamingContext['remembered'] {
  const members = new Map<string, readonly FinishedMember[]>()
  return {
    find: (key) => members.get(key),
    keep(key, finished) {
      members.set(key, finished)
      const [oldest] = members.keys()
      if (members.size > LIMITS.liveNamesRemembered && oldest !== undefined) members.delete(oldest)
    },
  }
}

/**
 * Works out a file with all it depends on, by the steps of a build and nothing else: so the names are the build's.
 *
 * @throws FingerpostError `FP_CHANGED` if a file is edited meanwhile
 */
export function createClosure(path: LogicalPath, workshop: ClosureWorkshop): Closure {
  const { config, tree, digester, reader, prehashed, remembered } = workshop
  const { members, absent, fingerprints, scans } = gather(path, workshop)
  const { links, problems, moduleUrls, strips } = linkReferences({
    ...{ scans, collection: tree.collection, prehashed, config },
  })
  const drafts = createDrafts({ files: members, links, scans, prehashed, reader, strips })
  const names = nameFiles({ digester, fingerprints, drafts, prehashed, remembered })
  return {
    root: path,
    members,
    absent,
    names,
    links,
    problems,
    moduleUrls,
    read(member) {
      const file = members.get(member)
      if (file === undefined) throw new RangeError(`${member} is not a member`)
      if (!drafts.has(member)) return reader.readNow(file)
      return finishDraft(drafts.read(member), (target) => names.get(target)?.digest ?? '')
    },
  }
}

/** True while nothing the closure rests on has changed on disk. */
export function isCurrent({ members, absent }: Closure, { check }: LiveTree): boolean {
  for (const [path, file] of members) if (check(path) !== file) return false
  for (const path of absent) if (check(path) !== undefined) return false
  return true
}

interface Gathered {
  readonly members: Map<LogicalPath, SourceFile>
  readonly absent: Set<LogicalPath>
  readonly fingerprints: Map<LogicalPath, Fingerprint>
  readonly scans: Map<LogicalPath, FileScan>
}

/** Follows references from file to file until there are no new ones. */
function gather(first: LogicalPath, workshop: ClosureWorkshop): Gathered {
  const { tree, facts } = workshop
  const gathered: Gathered = {
    members: new Map(),
    absent: new Set(),
    fingerprints: new Map(),
    scans: new Map(),
  }
  const queue = [first]
  // The queue grows while it is walked.
  for (const path of queue) {
    if (gathered.members.has(path) || gathered.absent.has(path)) continue
    const file = tree.check(path)
    if (file === undefined) {
      gathered.absent.add(path)
      continue
    }
    const { fingerprint, scan } = facts.of(file)
    gathered.members.set(path, file)
    gathered.fingerprints.set(path, fingerprint)
    if (scan === undefined) continue
    gathered.scans.set(path, scan)
    queue.push(...candidatesOf(path, scan, workshop))
  }
  return gathered
}

/** Every name a file's references may lead to; more than they do is no harm, less is. */
function candidatesOf(
  path: LogicalPath,
  scan: FileScan,
  { config }: ClosureWorkshop,
): readonly LogicalPath[] {
  const candidates: LogicalPath[] = []
  for (const { kind, specifier } of scan.references) {
    const destination = followSpecifier(kind, specifier, path, config.url)
    if (destination.kind !== 'inside') continue
    candidates.push(destination.path)
    if (config.extensionless === 'resolve' && kind.startsWith('js-')) {
      candidates.push(...extensionCandidates(destination.path))
    }
  }
  // A source map's columns follow those of the file it is of, which it need not name.
  if (path.endsWith('.map')) candidates.push(path.slice(0, -'.map'.length))
  return candidates.filter((candidate) => candidate !== '')
}
