import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import type { DeltaEncoding, Encoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import type { HashedPath } from '../../core/hashed-path.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import { encodePath } from '../../core/path.ts'

/** A precompressed file or a delta. */
export interface PreviousVariant {
  readonly file: HashedPath
  readonly key: string
  readonly encoding: Encoding | DeltaEncoding
  /** Of a delta: the SHA-256 of its dictionary in base64. */
  readonly dictionary?: string
  readonly promised: ManifestVariant
}

/** Fetches variants as they are: `fetch` would decode them. */
export interface VariantDownloads {
  /** @throws FingerpostError `FP_NOT_FOUND` if the server doesn't send it */
  read(variant: PreviousVariant): Promise<Buffer>
  close(): void
}

/** A request after which a server may send a variant. */
interface Way {
  readonly path: (variant: PreviousVariant) => string
  readonly headers: (variant: PreviousVariant) => OutgoingHttpHeaders
  readonly isAnswer: (coding: string | undefined, variant: PreviousVariant) => boolean
}

/** A server of builds chooses by the headers; a server of files has the variant as a file. */
const WAYS: readonly Way[] = [
  {
    path: ({ file }) => file,
    headers: ({ encoding, dictionary }) => ({
      'accept-encoding': encoding,
      ...(dictionary !== undefined && { 'available-dictionary': `:${dictionary}:` }),
    }),
    isAnswer: (coding, { encoding }) => coding === encoding,
  },
  {
    path: ({ key }) => key,
    headers: () => ({ 'accept-encoding': 'identity' }),
    isAnswer: (coding) => coding === undefined,
  },
]

/** @param address of the manifest beside which the files are */
export function createVariantDownloads(address: URL): VariantDownloads {
  const { Agent, get } = address.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: LIMITS.previousConcurrency })
  // The way that worked last is tried first.
  let ways = WAYS
  const ask = (way: Way, variant: PreviousVariant) =>
    new Promise<Buffer | undefined>((resolve, reject) => {
      const signal = AbortSignal.timeout(LIMITS.previousTimeoutMs)
      const options = { agent, headers: way.headers(variant), signal }
      const request = get(new URL(encodePath(way.path(variant)), address), options, (answer) => {
        const { statusCode, headers } = answer
        const isWanted = statusCode === 200 && way.isAnswer(headers['content-encoding'], variant)
        if (isWanted) collect(answer, variant.promised.size).then(resolve, reject)
        else {
          answer.destroy()
          resolve(undefined)
        }
      })
      request.on('error', reject)
    })
  return {
    async read(variant) {
      for (const way of ways) {
        const bytes = await ask(way, variant).catch(() => undefined)
        if (bytes === undefined) continue
        ways = [way, ...WAYS.filter((other) => other !== way)]
        return bytes
      }
      throw new FingerpostError('FP_NOT_FOUND', `There is no ${variant.key} beside ${address}.`)
    },
    close: () => agent.destroy(),
  }
}

/** The body, if it has exactly so many bytes. */
async function collect(answer: IncomingMessage, size: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer) {
    bytes += piece.length
    // Leaving the loop ends the download.
    if (bytes > size) return undefined
    pieces.push(piece)
  }
  return bytes === size ? Buffer.concat(pieces) : undefined
}
