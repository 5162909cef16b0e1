import type { FastifyBaseLogger } from 'fastify'
import { LIMITS } from '../core/limit.ts'
import type { BodyFile } from '../http/response.ts'
import type { Site } from './site.ts'

/**
 * Reports files that aren't what the manifest promises: each is counted every time and logged once per build, so that
 * a popular one doesn't fill the disk with its log.
 */
export function createDamageLog(
  site: Site,
  log: FastifyBaseLogger,
): (error: unknown, file: BodyFile) => void {
  const reported = new Set<string>()
  let build = site.current
  return (error, file) => {
    site.countDamage()
    if (build !== site.current) reported.clear()
    build = site.current
    if (reported.has(file.path) || reported.size >= LIMITS.damageReports) return
    reported.add(file.path)
    log.error(error)
  }
}
