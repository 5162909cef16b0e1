import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to one request on its way. */
export type Fault =
  | { readonly kind: 'none' }
  /** The connection ends before the server has heard of the request. */
  | { readonly kind: 'cut-before' }
  /** The server does its work, the answer never arrives. */
  | { readonly kind: 'cut-after' }
  /** The connection ends after this many bytes of the answer's body. */
  | { readonly kind: 'cut-body'; readonly bytes: number }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: Buffer
    }
  /** The answer has these bytes at its end as well, and no length. */
  | { readonly kind: 'append'; readonly bytes: Buffer }
  /** The request waits. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  | { readonly kind: 'delay'; readonly ms: number }

/** A request as a plan sees it. */
export interface PlannedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** How many requests came before it. */
  readonly index: number
}

/** A proxy in front of a real server that does to each request what a plan says. */
export interface FaultProxy {
  readonly endpoint: string
  /** Every request so far: `PUT /bucket/key`, in order. */
  readonly requests: readonly string[]
}

/** Starts the proxy; it ends with the test. */
export async function startFaultProxy(
  context: TestContext,
  target: string,
  plan: (request: PlannedRequest) => Fault,
): Promise<FaultProxy> {
  const requests: string[] = []
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const fault = plan({ method, url, headers, index: requests.length })
    requests.push(`${method} ${url}`)
    pass(incoming, outgoing, target, fault).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  return { endpoint: `http://127.0.0.1:${address.port}`, requests }
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  fault: Fault,
): Promise<void> {
  if (fault.kind === 'cut-before') return void outgoing.destroy()
  if (fault.kind === 'delay') await sleep(fault.ms)
  if (fault.kind === 'hold') await fault.until
  const body = await collect(incoming)
  if (fault.kind === 'status') return void outgoing.writeHead(fault.status, fault.headers).end(fault.body)
  const answer = await forward(incoming, body, target)
  const answerBody = await collect(answer)
  if (fault.kind === 'cut-after') return void outgoing.destroy()
  if (fault.kind === 'append') {
    const { 'content-length': _, ...headers } = answer.headers
    return void outgoing
      .writeHead(answer.statusCode ?? 502, headers)
      .end(Buffer.concat([answerBody, fault.bytes]))
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
  if (fault.kind !== 'cut-body') return void outgoing.end(answerBody)
  outgoing.write(answerBody.subarray(0, fault.bytes), () => outgoing.destroy())
}

function forward(incoming: IncomingMessage, body: Buffer, target: string): Promise<IncomingMessage> {
  const { expect: _, 'transfer-encoding': __, ...headers } = incoming.headers
  const { method, url } = incoming
  return new Promise((resolve, reject) => {
    const options = { ...(method === undefined ? {} : { method }), headers }
    request(new URL(url ?? '/', target), options, resolve)
      .on('error', reject)
      .end(body)
  })
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
