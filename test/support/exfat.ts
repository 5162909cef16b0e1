import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { hasTool } from './require.ts'

/**
 * An empty folder on a disk that ignores case: exFAT in a file. Skips the test where such a disk can't be mounted, as
 * without root or in a container without devices.
 */
export function mountIgnoringCase(context: TestContext): string | undefined {
  if (!hasTool(context, 'exfat')) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'fingerpost-test-'))
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')]
  const undo = [() => rmSync(folder, { recursive: true })]
  // In this order, and before anything else looks for what to remove.
  context.after(() => {
    for (const step of undo) step()
  })
  mkdirSync(disk)
  writeFileSync(image, '')
  truncateSync(image, 16 * 1024 * 1024)
  try {
    run('mkfs.exfat', image)
    const device = run('losetup', '--find', '--show', image)
    undo.unshift(() => run('losetup', '--detach', device))
    run('mount.exfat-fuse', device, disk)
    // The test's server may still have files open: it is closed after this.
    undo.unshift(() => run('umount', '--lazy', disk))
  } catch (error) {
    context.skip(`no disk that ignores case: ${(error as Error).message}`)
    return undefined
  }
  return disk
}

function run(command: string, ...options: readonly string[]): string {
  return execFileSync(command, options, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 }).trim()
}
