import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { FingerpostError } from '../../src/core/error.ts'
import { encodePath } from '../../src/core/path.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { ObjectHeaders, ObjectStore, Storage } from '../../src/storage/storage.ts'

/** What a signature permits. */
type Permit = {
  readonly key: string
  /** Milliseconds since 1970. */
  readonly expires: number
} & (
  | { readonly method: 'GET'; readonly type: string | undefined; readonly disposition: string | undefined }
  | { readonly method: 'PUT'; readonly type: string; readonly bytes: number | undefined }
  | { readonly method: 'POST'; readonly type: string; readonly minBytes: number; readonly maxBytes: number }
)

interface Files {
  readonly storage: Storage
  readonly headers: Map<string, ObjectHeaders>
}

/**
 * A storage made of nothing but the public contract: files in memory, served by a server of its own that opens only
 * signed URLs, as a private bucket does. It ends with the test.
 */
export async function startSigningStorage(context: TestContext): Promise<ObjectStore> {
  const storage = createMemoryStorage()
  const files: Files = { storage, headers: new Map() }
  const secret = randomBytes(32)
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest('base64url')
  const server = createServer((request, response) => {
    answer(request, response, files, sign).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = (key: string) => `http://127.0.0.1:${address.port}/${encodePath(key)}`
  const permitFor = (permit: Permit) => Buffer.from(JSON.stringify(permit)).toString('base64url')

  return {
    ...storage,
    name: 'signing memory',
    async save(key, content, options = {}) {
      const saved = await storage.save(key, content, options)
      files.headers.set(saved.key, options.headers ?? {})
      return saved
    },
    async move(from, to, options = {}) {
      const moved = await storage.move(from, to, options)
      files.headers.set(moved.key, options.headers ?? files.headers.get(from) ?? {})
      return moved
    },
    url,
    async signedUrl(key, { expiresInSeconds, method = 'GET', contentType, contentLength, disposition } = {}) {
      const expires = expiryOf(expiresInSeconds)
      const type = contentType ?? 'application/octet-stream'
      const permit = permitFor(
        method === 'GET'
          ? { key, expires, method, type: contentType, disposition }
          : { key, expires, method, type, bytes: contentLength },
      )
      return `${url(key)}?permit=${permit}&signature=${sign(permit)}`
    },
    async presignedPost(key, { maxBytes, minBytes = 1, contentType: type, expiresInSeconds }) {
      const expires = expiryOf(expiresInSeconds)
      const permit = permitFor({ key, expires, method: 'POST', type, minBytes, maxBytes })
      const fields = { key, 'Content-Type': type, permit, signature: sign(permit) }
      return { url: url(''), fields }
    },
  }
}

function expiryOf(seconds = 3600): number {
  if (seconds >= 1 && seconds <= 604_800) return Date.now() + Math.floor(seconds) * 1000
  throw new FingerpostError('FP_CONFIG', `A signed URL can't live for ${seconds} seconds.`)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: Files,
  sign: (text: string) => string,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
  const body = await collect(request)
  const form = request.method === 'POST' ? await readForm(request, body) : undefined
  const field = (name: string) => form?.get(name) ?? searchParams.get(name)
  const text = String(field('permit'))
  const permit = sign(text) === field('signature') ? readPermit(text) : undefined
  const key = form === undefined ? decodeURIComponent(pathname.slice(1)) : field('key')
  if (permit === undefined || permit.key !== key || permit.method !== request.method)
    return void response.writeHead(403).end()
  if (permit.expires <= Date.now()) return void response.writeHead(403).end('expired')
  if (permit.method === 'GET') return sendFile(request, response, files, permit)
  const file = form?.get('file')
  const bytes = file instanceof Blob ? Buffer.from(await file.arrayBuffer()) : body
  const type = form === undefined ? request.headers['content-type'] : field('Content-Type')
  const [least, most] =
    permit.method === 'PUT'
      ? [permit.bytes ?? 0, permit.bytes ?? Infinity]
      : [permit.minBytes, permit.maxBytes]
  if (type !== permit.type || bytes.length < least || bytes.length > most)
    return void response.writeHead(403).end()
  await files.storage.save(key, bytes, { overwrite: true })
  files.headers.set(key, { contentType: permit.type })
  response.writeHead(permit.method === 'PUT' ? 200 : 204).end()
}

async function sendFile(
  { headers: { range } }: IncomingMessage,
  response: ServerResponse,
  { storage, headers }: Files,
  { key, type, disposition }: Extract<Permit, { method: 'GET' }>,
): Promise<void> {
  if ((await storage.stat(key)) === undefined) return void response.writeHead(404).end()
  const bytes = await storage.read(key)
  const {
    contentType = 'application/octet-stream',
    contentDisposition,
    cacheControl,
  } = headers.get(key) ?? {}
  const shown = disposition ?? contentDisposition
  response.setHeaders(
    new Map([
      ['content-type', type ?? contentType],
      ...(shown === undefined ? [] : ([['content-disposition', shown]] as const)),
      ...(cacheControl === undefined ? [] : ([['cache-control', cacheControl]] as const)),
    ]),
  )
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  if (first === undefined) return void response.end(bytes)
  const part = bytes.subarray(Number(first), Number(last) + 1)
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}` }).end(part)
}

function readPermit(text: string): Permit {
  return JSON.parse(Buffer.from(text, 'base64url').toString())
}

function readForm(request: IncomingMessage, body: Buffer): Promise<FormData> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  return new Response(Uint8Array.from(body), { headers }).formData()
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
