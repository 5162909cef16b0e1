import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import { createDigester, integrityOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { groupBy } from '../../core/group-by.ts'
import { parseHashedPath } from '../../core/hashed-path.ts'
import { LIMITS } from '../../core/limit.ts'
import { DICTIONARIES_FILE, parseDictionaries } from '../../core/manifest/dictionaries.ts'
import { HISTORY_FILE, parseHistory } from '../../core/manifest/history.ts'
import type { ManifestAsset } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import type { Storage } from '../../storage/storage.ts'
import { createCompressionRules } from '../compress/compression-rule.ts'
import { createEncoder } from '../compress/encoder.ts'
import { type BuildContext, type BuildEnvironment, createBuildContext } from '../context.ts'
import { withLock } from '../publish/lock.ts'
import { readManifest } from '../publish/output.ts'
import { createAllScanners } from '../read/own-scanners.ts'
import { scanBytes } from '../read/scan-files.ts'
import type { CheckFault, CheckReport } from '../report.ts'
import type { BuildOptions } from '../settings/options.ts'
import {
  type CheckFinding,
  checkVariants,
  createFault,
  readIfPresent,
  type VariantCheckContext,
} from './check-variants.ts'

/** What a check does besides looking. */
export interface CheckRules {
  /** `variants`: make precompressed files again that are missing or wrong. Default `nothing`. */
  readonly repair?: 'nothing' | 'variants'
}

/**
 * Reads a build again: every file must be there with the size, digest and integrity of the manifest, every precompressed
 * file must decode to the same bytes, every reference must point to a file of the build.
 *
 * @throws FingerpostError `FP_MANIFEST` if the manifest is missing or damaged
 */
export async function check(
  options: BuildOptions,
  rules: CheckRules = {},
  environment: BuildEnvironment = {},
): Promise<CheckReport> {
  const context = createBuildContext(options, environment)
  const run = () => checkOutput(rules, context)
  return rules.repair === 'variants' ? withLock(context.storage, context, run) : run()
}

/** What checking an asset needs. */
interface CheckContext extends VariantCheckContext {
  readonly url: PublicUrl
  /** Hashed and logical paths: the targets of references. */
  readonly targets: ReadonlySet<string>
  readonly scanners: readonly Scanner[]
}

const ASSETS_AT_ONCE = 4

async function checkOutput({ repair = 'nothing' }: CheckRules, build: BuildContext): Promise<CheckReport> {
  const { config, storage, signal } = build
  const manifest = await readManifest(storage)
  const dictionaries = await readRecord(storage, DICTIONARIES_FILE, parseDictionaries)
  const history = await readRecord(storage, HISTORY_FILE, parseHistory)
  const context: CheckContext = {
    storage,
    repair,
    url: config.url,
    digester: await createDigester(),
    targets: new Set([...manifest.assets].flatMap(([path, { file }]) => [path, file])),
    scanners: await createAllScanners(config),
    rulesFor: createCompressionRules(config),
    encoder: await createEncoder(config),
    deltas: groupBy(dictionaries.value?.deltas ?? [], ({ file }) => file),
    retired: new Map(Array.from(history.value?.retired.values() ?? [], (old) => [old.etag, old])),
  }
  try {
    const budget = createBudget(LIMITS.buildMaxInFlightBytes)
    const findings = await mapConcurrently([...manifest.assets], ASSETS_AT_ONCE, ([path, asset]) => {
      signal.throwIfAborted()
      return budget.spend(asset.size, () => checkAsset(path, asset, context))
    })
    return {
      out: storage.name,
      digest: manifest.digest,
      checked: { files: sum(findings, 'files'), bytes: sum(findings, 'bytes') },
      faults: [history, dictionaries, ...findings].flatMap(({ faults }) => faults),
      repaired: findings.flatMap(({ repaired }) => repaired),
    }
  } finally {
    await context.encoder.close()
  }
}

/** What stands beside the manifest. Servers and builds do without one that is damaged. */
async function readRecord<T>(
  storage: Storage,
  file: string,
  parse: (text: string, where: string) => T,
): Promise<{ readonly value?: T; readonly faults: readonly CheckFault[] }> {
  const bytes = await readIfPresent(storage, file)
  if (bytes === undefined) return { faults: [] }
  try {
    return { value: parse(bytes.toString(), file), faults: [] }
  } catch (error) {
    if (!(error instanceof FingerpostError && error.code === 'FP_MANIFEST')) throw error
    return { faults: [createFault('record', file, file, 'is damaged, or written by another program')] }
  }
}

function sum(findings: readonly CheckFinding[], of: 'files' | 'bytes'): number {
  return findings.reduce((total, finding) => total + finding[of], 0)
}

async function checkAsset(
  path: LogicalPath,
  asset: ManifestAsset,
  context: CheckContext,
): Promise<CheckFinding> {
  const bytes = await readIfPresent(context.storage, asset.file)
  if (bytes === undefined) {
    const fault = createFault('missing', path, asset.file, 'is missing')
    return { faults: [fault], repaired: [], files: 0, bytes: 0 }
  }
  const own = [...checkIdentity(path, asset, bytes, context), ...checkReferences(path, asset, bytes, context)]
  const variants = await checkVariants(path, asset, bytes, context)
  return {
    faults: [...own, ...variants.faults],
    repaired: variants.repaired,
    files: 1 + variants.files,
    bytes: bytes.length + variants.bytes,
  }
}

function checkIdentity(
  path: LogicalPath,
  { file, size, etag, integrity, references }: ManifestAsset,
  bytes: Buffer,
  { digester }: CheckContext,
): readonly CheckFault[] {
  const faults: CheckFault[] = []
  if (bytes.length !== size)
    faults.push(createFault('size', path, file, `has ${bytes.length} bytes instead of ${size}`))
  else if (digester.of(bytes) !== etag)
    faults.push(createFault('digest', path, file, 'has other bytes than were built'))
  else if (integrityOf(bytes) !== integrity)
    faults.push(createFault('integrity', path, file, 'has another integrity'))
  const name = parseHashedPath(file)
  // A file under its own name was hashed by a bundler; a member of a cycle has the cycle's digest.
  const isOwn = name?.digest === etag || references.length > 0
  if (file !== path && (name?.path !== path || !isOwn)) {
    faults.push(createFault('name', path, file, 'is not named after the digest of its content'))
  }
  return faults
}

/** References without a digest are not a build's promise: the build was told to leave them. */
function checkReferences(
  path: LogicalPath,
  { file }: ManifestAsset,
  bytes: Buffer,
  { url, targets, scanners }: CheckContext,
): readonly CheckFault[] {
  const scanner = findScanner(scanners, path)
  if (scanner === undefined) return []
  return scanBytes(bytes, scanner, path).references.flatMap(({ kind, specifier, line, column }) => {
    const destination = followSpecifier(kind, specifier, file, url)
    if (destination.kind === 'external' || targets.has(destination.path)) return []
    if (parseHashedPath(destination.path) === undefined) return []
    const message = `${line}:${column} points to ${destination.path}, which is not in the build`
    return [createFault('reference', path, file, message)]
  })
}
