import type { TestContext } from 'node:test'
import { LIMITS } from '../../src/core/limit.ts'

/** Sets the clock ahead, as if the files of a test had been at rest so long that builds trust their stats. */
export function letFilesSettle(context: TestContext): void {
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() + LIMITS.statTrustSeconds * 1000 + 100 })
}
