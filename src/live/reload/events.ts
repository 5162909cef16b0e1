import { randomUUID } from 'node:crypto'
import { LIMITS } from '../../core/limit.ts'
import { abort, type RawResponse } from '../../http/reply.ts'

/** What a page says of itself when it connects. */
export interface ConnectingPage {
  /** The id of the last event that its tab received, perhaps on the page before; undefined for the first page of a tab. */
  readonly seen: string | undefined
  /** It has just been loaded, so that a restart of the server is no reason to load it again. */
  readonly isNew: boolean
}

/** Server-sent events for open pages (HTML §9.2). */
export interface LiveEvents {
  /** Keeps an answer open for events, starting with those its page has missed. */
  connect(raw: RawResponse, page: ConnectingPage): void
  /** Sends something that happened; pages that are disconnected receive it when they are back. */
  send(event: 'change' | 'names' | 'reload', data: unknown): void
  /** Sends the current state; pages that connect later receive the state at that time. */
  update(event: 'problems', data: unknown): void
  /** Ends all answers, and every one that connects later. */
  close(): void
}

/** Milliseconds between comments that keep proxies from closing an idle connection. */
const HEARTBEAT_MS = 20_000

/** @param currentProblems what a page receives first */
export function createLiveEvents(currentProblems: () => unknown): LiveEvents {
  const clients = new Set<RawResponse>()
  const history = createHistory()
  let isClosed = false
  const broadcast = (text: string) => {
    for (const client of clients) {
      // A page that takes nothing. When it does again, it connects anew and receives what it has missed.
      if ((client.stream ?? client).writableLength > LIMITS.liveEventsWaitingBytes) abort(client)
      else client.write(text)
    }
  }
  const heartbeat = setInterval(() => broadcast(': keep-alive\n\n'), HEARTBEAT_MS)
  heartbeat.unref()
  return {
    connect(raw, page) {
      // An idle connection must not delay the server's close once this answer has ended.
      raw.shouldKeepAlive = false
      raw.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      if (isClosed) {
        raw.end()
        return
      }
      clients.add(raw)
      raw.on('close', () => clients.delete(raw))
      raw.write('retry: 500\n\n')
      for (const text of history.since(page)) raw.write(text)
      raw.write(formatEvent('problems', currentProblems(), history.id()))
    },
    send: (event, data) => broadcast(history.add(event, data)),
    update: (event, data) => broadcast(formatEvent(event, data, history.id())),
    close() {
      isClosed = true
      clearInterval(heartbeat)
      for (const client of clients) client.end()
      // Writing to an answer that has ended would raise an error that nothing handles.
      clients.clear()
    },
  }
}

/** The latest events, oldest first. */
function createHistory() {
  // After a restart another process, with another history, answers under the same address.
  const instance = randomUUID()
  const kept: string[] = []
  let count = 0
  const id = () => `${instance}/${count}`

  return {
    id,
    /** Returns the event as it is sent. */
    add(event: string, data: unknown): string {
      count++
      const text = formatEvent(event, data, id())
      kept.push(text)
      if (kept.length > LIMITS.liveEventsKept) kept.shift()
      return text
    },
    /** The events that a page has missed; a reload if they are not known. */
    since({ seen, isNew }: ConnectingPage): readonly string[] {
      if (seen === undefined) return []
      const [from, number] = seen.split('/')
      if (isNew && from !== instance) return []
      const missed = count - Number(number)
      const isKnown = from === instance && missed >= 0 && missed <= kept.length
      return isKnown ? kept.slice(kept.length - missed) : [formatEvent('reload', {}, id())]
    },
  }
}

function formatEvent(event: string, data: unknown, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
