import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import { canMakeDeltas } from '../../src/builder/compress/delta.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import type { DeltaEncoding } from '../../src/core/encoding.ts'
import { DICTIONARIES_FILE, parseDictionaries } from '../../src/core/manifest/dictionaries.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { REPOSITORY, runNode } from './cli.ts'
import { findOtherNode } from './require.ts'
import { makeTree, type Tree, writeTree } from './tree.ts'

/** The path of a Node that makes deltas: this one, or the other one. Skips or fails without. */
export function findDeltaNode(context: TestContext): string | undefined {
  if (canMakeDeltas('dcb')) return process.execPath
  const other = findOtherNode(context)
  if (other === undefined) return undefined
  if (deltasOf(other).includes('dcb')) return other
  context.skip('needs a Node that makes deltas: 24.15 or newer')
  return undefined
}

/** The deltas that a Node makes, by its version. */
export function deltasOf(node: string): readonly DeltaEncoding[] {
  const version = spawnSync(node, ['-p', 'process.versions.node']).stdout.toString()
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isFrom = (...from: readonly (readonly [major: number, minor: number])[]) =>
    from.some((each) => major === each[0] && minor >= each[1]) || major > 24
  return [
    ...(isFrom([24, 15]) ? ['dcb' as const] : []),
    ...(isFrom([22, 19], [24, 6]) ? ['dcz' as const] : []),
  ]
}

/** Builds with the built command line (`npm run build` makes it) and dictionaries. @returns what it printed */
export async function buildWithDeltas(
  node: string,
  cwd: string,
  ...words: readonly string[]
): Promise<string> {
  const line = [join(REPOSITORY, 'dist/cli.cjs'), 'build', '--dictionaries', ...words]
  const { code, stderr } = await runNode(line, { cwd }, node)
  assert.equal(code, 0, stderr)
  return stderr
}

/** Text that hardly compresses. */
export const noise = (seed: string, bytes: number) => {
  const lines: string[] = []
  for (let at = 0; at * 128 < bytes; at++)
    lines.push(createHash('sha512').update(`${seed} ${at}`).digest('hex'))
  return lines.join('').slice(0, bytes)
}

/** Whether this Node makes both. */
export const makesDeltas = canMakeDeltas('dcb') && canMakeDeltas('dcz')

/** A test where this Node makes deltas. Reported where it is called. */
export const deltaTest: (name: string, run: (context: TestContext) => Promise<void>) => unknown = makesDeltas
  ? test
  : () => undefined

export async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  return keys
}

/** A site that is built again and again, each time with other files. */
export function project(
  context: TestContext,
  options: Partial<BuildOptions> = {},
  storage: Storage = createMemoryStorage(),
) {
  const cwd = makeTree(context, { src: {} })
  let now = Date.now()
  const settings: BuildOptions = {
    ...{ sources: ['src'], encodings: ['gzip'], cache: false, dictionaries: true },
    ...options,
  }
  const environment = { cwd, storage, now: () => new Date(now) }
  const dictionaries = async () =>
    parseDictionaries((await storage.read(DICTIONARIES_FILE)).toString(), 'test')
  return {
    ...{ cwd, storage, settings, environment, dictionaries },
    keys: () => keysOf(storage),
    deltas: async () => (await dictionaries()).deltas,
    build(files: Tree, more: Partial<BuildOptions> = {}) {
      now += 1000
      writeTree(join(cwd, 'src'), files)
      return build({ ...settings, ...more }, environment)
    },
  }
}
