import { mapConcurrently } from '../../core/concurrent.ts'
import { createDigester, type Digester, integrityOf } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { parseHashedPath } from '../../core/hashed-path.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  type ManifestAsset,
  parseManifest,
} from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Scanner } from '../../scan/scanner.ts'
import { createScanners } from '../../scan/scanners.ts'
import type { Storage } from '../../storage/storage.ts'
import { createBudget } from '../compress/budget.ts'
import { createRecipes, type RecipesFor } from '../compress/compression-rule.ts'
import { createEncoder, type Encoder } from '../compress/encoder.ts'
import { type BuildEnvironment, type Surroundings, surroundingsOf } from '../environment.ts'
import { withLock } from '../publish/lock.ts'
import type { CheckFault, CheckReport } from '../report.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from '../settings/options.ts'
import { checkReferences } from './check-references.ts'
import { checkSiblings, createFault, readIfThere } from './check-variants.ts'

/** What a check does besides looking. */
export interface CheckRules {
  /** `siblings`: encoded siblings that are missing or wrong are made anew. Default `nothing`. */
  readonly repair?: 'nothing' | 'siblings'
}

/**
 * Reads a whole build again: every file there, with the size, digest and integrity its manifest promises, every
 * encoding the same bytes again when decoded, every reference leading to a file of the build.
 *
 * @throws FingerpostError `FP_MANIFEST` if there is no manifest or it can't be read
 */
export async function check(
  options: BuildOptions,
  rules: CheckRules = {},
  environment: BuildEnvironment = {},
): Promise<CheckReport> {
  const config = parseBuildOptions(options, environment.cwd ?? process.cwd())
  const surroundings = surroundingsOf(environment, config)
  const run = () => checkOutput(config, rules, surroundings)
  return rules.repair === 'siblings' ? withLock(surroundings.storage, surroundings, run) : run()
}

/** What looking at an asset needs. */
export interface CheckContext {
  readonly config: BuildConfig
  readonly storage: Storage
  readonly digester: Digester
  readonly manifest: Manifest
  /** Hashed and logical paths: what a reference may lead to. */
  readonly targets: ReadonlySet<string>
  readonly scanners: readonly Scanner[]
  readonly recipesFor: RecipesFor
  readonly encoder: Encoder
  readonly repair: 'nothing' | 'siblings'
}

/** What looking at one asset found. */
interface Finding {
  readonly faults: readonly CheckFault[]
  readonly repaired: readonly string[]
  readonly files: number
  readonly bytes: number
}

async function checkOutput(
  config: BuildConfig,
  { repair = 'nothing' }: CheckRules,
  { storage, signal }: Surroundings,
): Promise<CheckReport> {
  const where = `${storage.name}: ${MANIFEST_FILE}`
  const manifest = parseManifest(await readManifestText(storage, where), where)
  const context: CheckContext = {
    config,
    storage,
    manifest,
    repair,
    digester: await createDigester(),
    targets: new Set([...manifest.assets].flatMap(([path, { file }]) => [path, file])),
    scanners: await createScanners({ html: config.html }),
    recipesFor: await createRecipes(config),
    encoder: await createEncoder(config),
  }
  try {
    const budget = createBudget(LIMITS.buildMaxInFlightBytes)
    const findings = await mapConcurrently([...manifest.assets], ASSETS_AT_ONCE, ([path, asset]) => {
      signal.throwIfAborted()
      return budget.spend(asset.size, () => checkAsset(path, asset, context))
    })
    return summarise(findings, manifest, storage)
  } finally {
    await context.encoder.close()
  }
}

const ASSETS_AT_ONCE = 4

function summarise(findings: readonly Finding[], { digest }: Manifest, storage: Storage): CheckReport {
  const checked = { files: 0, bytes: 0 }
  for (const { files, bytes } of findings) {
    checked.files += files
    checked.bytes += bytes
  }
  const faults = findings.flatMap((finding) => finding.faults)
  const repaired = findings.flatMap((finding) => finding.repaired)
  return { out: storage.name, digest, checked, faults, repaired }
}

async function checkAsset(path: LogicalPath, asset: ManifestAsset, context: CheckContext): Promise<Finding> {
  const bytes = await readIfThere(context.storage, asset.file)
  if (bytes === undefined) {
    return {
      faults: [createFault('missing', path, asset.file, 'is not there')],
      repaired: [],
      files: 0,
      bytes: 0,
    }
  }
  const identity = [
    ...checkIdentity(path, asset, bytes, context),
    ...checkReferences(path, asset, bytes, context),
  ]
  const siblings = await checkSiblings(path, asset, bytes, context)
  return {
    faults: [...identity, ...siblings.faults],
    repaired: siblings.repaired,
    files: 1 + siblings.files,
    bytes: bytes.length + siblings.bytes,
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
  // A file that is its own name was hashed by a bundler; a member of a circle has its circle's digest, not its own.
  const isOwn = name?.digest === etag || references.length > 0
  if (file !== path && (name?.path !== path || !isOwn)) {
    faults.push(createFault('name', path, file, "is not called after its content's digest"))
  }
  return faults
}

async function readManifestText(storage: Storage, where: string): Promise<string> {
  const bytes = await readIfThere(storage, MANIFEST_FILE)
  if (bytes !== undefined) return bytes.toString()
  throw new FingerpostError('FP_MANIFEST', `${where} is not there.`, {
    remedy: 'Build first: fingerpost build. Or name the folder of a build with --out DIR.',
    details: { manifest: where },
  })
}
