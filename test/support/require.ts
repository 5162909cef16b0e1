import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

/** What a test may need from the system, and the Debian packages that bring it. */
const TOOLS = {
  chromium: { command: 'chromium', packages: 'chromium' },
  nginx: { command: 'nginx', packages: 'nginx libnginx-mod-http-brotli-static' },
  wrk: { command: 'wrk', packages: 'wrk' },
  ceph: { command: 'radosgw', packages: 'radosgw ceph-mon ceph-osd ceph-common bc curl' },
  whitenoise: { command: 'gunicorn', packages: 'python3-django python3-whitenoise python3-brotli gunicorn' },
  exfat: { command: 'mount.exfat-fuse', packages: 'exfat-fuse exfatprogs' },
} as const

export type Tool = keyof typeof TOOLS

/**
 * True if the tool is on this machine. Otherwise the test is skipped with a line that says what to install, or fails
 * where FINGERPOST_REQUIRE (a comma-separated list, or `all`) names the tool.
 */
export function hasTool(context: TestContext, tool: Tool): boolean {
  const { command, packages } = TOOLS[tool]
  if (spawnSync('sh', ['-c', `command -v ${command}`]).status === 0) return true
  skipOrFail(context, tool, `needs ${tool}: apt-get install -y --no-install-recommends ${packages}`)
  return false
}

/**
 * Another Node than the one that runs the tests: FINGERPOST_OTHER_NODE is its path. Skips or fails without it, as
 * {@link hasTool}; the word is `other-node`.
 */
export function findOtherNode(context: TestContext): string | undefined {
  const path = process.env['FINGERPOST_OTHER_NODE']
  if (path === undefined)
    skipOrFail(context, 'other-node', 'needs FINGERPOST_OTHER_NODE="$(.ci/newer-node 26)"')
  return path
}

function skipOrFail(context: TestContext, word: string, message: string): void {
  const required = (process.env['FINGERPOST_REQUIRE'] ?? '').split(',')
  if (required.includes(word) || required.includes('all')) throw new Error(message)
  context.skip(message)
}
