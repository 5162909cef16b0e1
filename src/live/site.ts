import type { Digester } from '../core/digest.ts'
import { parseHashedPath } from '../core/hashed-path.ts'
import { bareMediaType } from '../core/media-type.ts'
import { createBodyCache } from '../http/body-cache.ts'
import type { OpenBody } from '../http/body-source.ts'
import { type CompiledRule, headersFor } from '../http/header-rules.ts'
import { createAcceptEncodingParser } from '../http/negotiation.ts'
import { createResponder, respond } from '../http/responder.ts'
import type { Sender } from '../http/send.ts'
import type { ServeSettings } from '../serve/options.ts'
import { type AnsweringSite, findIndex } from '../serve/site.ts'
import type { HostCheck } from './guard.ts'
import { insertScript } from './reload/client.ts'
import type { LiveAsset } from './resolve/assets.ts'
import type { LiveResolver } from './resolve/live-resolver.ts'

/** What a live site answers with. */
export interface LiveSiteParts {
  readonly settings: ServeSettings
  readonly rules: readonly CompiledRule[]
  readonly digester: Digester
  /** Added to HTML files that are requested by their logical names, as visitors do. Default: nothing. */
  readonly script: string | undefined
  readonly checkHost: HostCheck
  /** Called after each answer. */
  readonly onAnswer: () => void
  readonly onFault: Sender['onFault']
}

const NO_CACHE = 'no-cache'

/** Marks bodies with the script. Paths never contain it. */
const PAGE_MARK = '\0page'

/** Answers from the sources what a build would answer, but with `no-cache` for every name. */
export function createLiveSite(resolver: LiveResolver, parts: LiveSiteParts): AnsweringSite {
  const { settings, rules, digester, script, checkHost, onAnswer, onFault } = parts
  const headers = { ...settings, cacheControl: { hashed: NO_CACHE, logical: NO_CACHE } }
  const parseAccept = createAcceptEncodingParser()
  const cache = createBodyCache(settings.cache, {
    open: async ({ path }) => openBuffer(read(path)),
  })

  function read(file: string): Buffer {
    const bytes = findAsset(file.replace(PAGE_MARK, ''))?.read() ?? Buffer.alloc(0)
    if (!file.endsWith(PAGE_MARK)) return bytes
    // Byte by byte: the page may have any encoding, and the script is ASCII.
    return Buffer.from(insertScript(bytes.toString('latin1'), script ?? ''), 'latin1')
  }

  /** An HTML file contains the script under its logical name, and the bytes of a build under its hashed one. */
  function asPage(name: string, { asset, path }: LiveAsset): LiveAsset['asset'] {
    if (script === undefined || name === asset.file || bareMediaType(path) !== 'text/html') return asset
    const etag = digester.of(Buffer.from(asset.etag + script))
    return { ...asset, file: asset.file + PAGE_MARK, size: asset.size + script.length, etag }
  }

  function findAsset(name: string): LiveAsset | undefined {
    const path = parseHashedPath(name)?.path
    if (path === undefined) return resolver.find(name)
    return resolver.peek(path, name) ?? resolver.find(name) ?? resolver.find(path)
  }

  /** The index file of a folder, or a redirect to the folder. */
  function indexOf(name: string) {
    const found = findIndex(name, settings, (path) => resolver.find(path) !== undefined)
    return typeof found === 'string' ? findAsset(found) : found
  }

  return {
    sender: { cache, onFault, stallMs: settings.stallSeconds * 1000 },
    answer(name, method, requestHeaders) {
      const found = checkHost(requestHeaders) ?? findAsset(name) ?? indexOf(name)
      if (found === undefined || 'status' in found) return found
      onAnswer()
      const responder = createResponder(asPage(name, found), headersFor(found.path, false, headers, rules))
      const accept = requestHeaders['accept-encoding']
      const encodings = parseAccept(typeof accept === 'string' ? accept : undefined)
      return respond(responder, method, requestHeaders, encodings)
    },
  }
}

function openBuffer(bytes: Buffer): OpenBody {
  return {
    async *read({ start, end }) {
      yield bytes.subarray(start, end + 1)
    },
    close: async () => undefined,
  }
}
