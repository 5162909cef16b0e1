import type { FastifyReply } from 'fastify'

/**
 * Sends links as 103 Early Hints (RFC 8297), ahead of the answer. Does nothing where they would harm: behind the head of
 * an answer that has begun, and for HTTP/1.0, whose clients know no answers before the answer (RFC 9110 §15.2).
 */
export function sendEarlyHints({ raw, request }: FastifyReply, links: readonly string[]): void {
  if (raw.headersSent || request.raw.httpVersion === '1.0') return
  raw.writeEarlyHints({ link: [...links] })
}
