import type { FastifyBaseLogger } from 'fastify'
import type { CommandContext } from '../command.ts'

/** What a server has to say to the person who started it: warnings and errors, a line each, without JSON. */
export function createServerLog(stderr: CommandContext['stderr']): FastifyBaseLogger {
  const say = (subject: unknown, text?: unknown) => void stderr.write(`${formatLine(subject, text)}\n`)
  const pass = () => undefined
  const log = {
    ...{
      level: 'warn',
      silent: pass,
      trace: pass,
      debug: pass,
      info: pass,
      warn: say,
      error: say,
      fatal: say,
    },
    child: () => log as unknown as FastifyBaseLogger,
  }
  return log as unknown as FastifyBaseLogger
}

/** Loggers are given text, or something and a text about it. */
function formatLine(subject: unknown, text: unknown): string {
  const cause = subject instanceof Error ? subject.message : typeof subject === 'string' ? subject : ''
  return [text, cause].filter((part) => typeof part === 'string' && part !== '').join(': ')
}
