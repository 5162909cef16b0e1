import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { LIMITS } from '../../core/limit.ts'

/** Browsers that listen for changes (HTML §9.2, server-sent events). */
export interface LiveHub {
  /**
   * Keeps an answer open and sends events over it, those first that a browser has missed.
   *
   * @param seen the id of the last event the browser has seen; undefined for a page that has just been loaded
   */
  add(raw: ServerResponse, seen: string | undefined): void
  /** Tells something that has happened: who is away now will be told later. */
  send(event: 'change' | 'reload', data: unknown): void
  /** Tells how things are now: who comes later will be told how they are then. */
  update(event: 'problems', data: unknown): void
  close(): void
}

/** Milliseconds between two comments that keep proxies from closing a silent connection. */
const HEARTBEAT_MS = 20_000

/** @param problemsNow what every browser is told first */
export function createLiveHub(problemsNow: () => unknown): LiveHub {
  const clients = new Set<ServerResponse>()
  const history = createHistory()
  const heartbeat = setInterval(() => sendAll(': still here\n\n'), HEARTBEAT_MS)
  heartbeat.unref()
  const sendAll = (text: string) => {
    for (const client of clients) client.write(text)
  }
  return {
    add(raw, seen) {
      // Once it has ended, nothing is to keep a server from closing.
      raw.shouldKeepAlive = false
      raw.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      clients.add(raw)
      raw.on('close', () => clients.delete(raw))
      raw.write('retry: 500\n\n')
      for (const text of history.since(seen)) raw.write(text)
      raw.write(formatEvent('problems', problemsNow(), history.id()))
    },
    send(event, data) {
      sendAll(history.add(event, data))
    },
    update(event, data) {
      sendAll(formatEvent(event, data, history.id()))
    },
    close() {
      clearInterval(heartbeat)
      for (const client of clients) client.end()
    },
  }
}

/** What has been told, the oldest forgotten first. */
function createHistory() {
  // Another process answers under the same address after a restart, and has told nothing of this.
  const instance = randomUUID()
  const kept: string[] = []
  let count = 0
  const id = () => `${instance}/${count}`

  return {
    id,
    /** Returns the event as it goes over the wire. */
    add(event: string, data: unknown): string {
      count++
      const text = formatEvent(event, data, id())
      kept.push(text)
      if (kept.length > LIMITS.liveEventsKept) kept.shift()
      return text
    },
    /** What has been told since; a reload where nobody knows. */
    since(seen: string | undefined): readonly string[] {
      if (seen === undefined) return []
      const [from, number] = seen.split('/')
      const missed = count - Number(number)
      const isKnown = from === instance && missed >= 0 && missed <= kept.length
      return isKnown ? kept.slice(kept.length - missed) : [formatEvent('reload', {}, id())]
    },
  }
}

function formatEvent(event: string, data: unknown, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
