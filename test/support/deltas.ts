import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { canMakeDeltas } from '../../src/builder/compress/delta.ts'
import { REPOSITORY, runNode } from './cli.ts'
import { findOtherNode } from './require.ts'

/** The path of a Node that makes deltas: this one, or the other one. Skips or fails without. */
export function findDeltaNode(context: TestContext): string | undefined {
  if (canMakeDeltas('dcb')) return process.execPath
  const other = findOtherNode(context)
  if (other === undefined) return undefined
  const [major = 0, minor = 0] = spawnSync(other, ['-p', 'process.versions.node'])
    .stdout.toString()
    .split('.')
    .map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return other
  context.skip('needs a Node that makes deltas: 24.15 or newer')
  return undefined
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
