import type { ServerResponse } from 'node:http'

/** Browsers that listen for changes (HTML §9.2, server-sent events). */
export interface LiveHub {
  /** Keeps an answer open and sends events over it. */
  add(raw: ServerResponse, headers: Readonly<Record<string, string>>): void
  send(event: string, data: unknown): void
  close(): void
}

/** Milliseconds between two comments that keep proxies from closing a silent connection. */
const HEARTBEAT_MS = 20_000

/** @param welcome what every browser is told first */
export function createLiveHub(welcome: () => readonly (readonly [event: string, data: unknown])[]): LiveHub {
  const clients = new Set<ServerResponse>()
  const heartbeat = setInterval(() => {
    for (const client of clients) client.write(': still here\n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return {
    add(raw, headers) {
      raw.writeHead(200, {
        ...headers,
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      clients.add(raw)
      raw.on('close', () => clients.delete(raw))
      raw.write('retry: 500\n\n')
      for (const [event, data] of welcome()) raw.write(formatEvent(event, data))
    },
    send(event, data) {
      for (const client of clients) client.write(formatEvent(event, data))
    },
    close() {
      clearInterval(heartbeat)
      for (const client of clients) client.end()
    },
  }
}

function formatEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
