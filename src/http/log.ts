import type { FastifyBaseLogger } from 'fastify'
import { showControls, showControlsIn } from '../core/error.ts'

type Write = (what: unknown, text?: string) => void

/** The app's logger, for text and errors that name files or repeat requests: logs are read in terminals. */
export interface Log {
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}

export function createLog(log: FastifyBaseLogger): Log {
  const through =
    (level: keyof Log): Write =>
    (what, text) =>
      log[level](showControlsIn(what), text && showControls(text))
  return { info: through('info'), warn: through('warn'), error: through('error') }
}
