import { LRUCache } from 'lru-cache'
import type { Digester } from '../core/digest.ts'
import { parseHashedPath } from '../core/hashed-path.ts'
import { bareMediaType } from '../core/media-type.ts'
import { createBodyCache } from '../http/body-cache.ts'
import type { BodySource } from '../http/body-source.ts'
import { type CompiledRule, headersFor } from '../http/header-rules.ts'
import { createAcceptEncodingParser } from '../http/negotiation.ts'
import { createResponder, respond } from '../http/responder.ts'
import type { Sender } from '../http/send.ts'
import type { ServeSettings } from '../serve/options.ts'
import { type AnsweringSite, findIndex } from '../serve/site.ts'
import type { ByteRange } from '../storage/storage.ts'
import { insertScript } from './reload/client.ts'
import type { LiveAsset } from './resolve/assets.ts'
import type { LiveResolver } from './resolve/live-resolver.ts'

/** Sources being served, answering as a build would, with `no-cache` for every name. */
export type LiveSite = AnsweringSite

/** What a live site stands on. */
export interface LiveSiteParts {
  readonly settings: ServeSettings
  readonly rules: readonly CompiledRule[]
  readonly digester: Digester
  /** What goes into HTML files that are asked for by their logical names, as visitors do; undefined for nothing. */
  readonly script: string | undefined
  /** Called after each answer. */
  readonly onAnswer: () => void
  readonly onFault: Sender['onFault']
}

const NO_CACHE = 'no-cache'

/** Tells bodies with the script from those without; no path has it in it. */
const PAGE_MARK = '\0page'

interface ReadAsset extends LiveAsset {
  readonly bytes: Buffer
}

/** A site over a live resolver. */
export function createLiveSite(resolver: LiveResolver, parts: LiveSiteParts): LiveSite {
  const { settings, rules, digester, script, onAnswer, onFault } = parts
  const headers = { ...settings.headers, hashedCacheControl: NO_CACHE, logicalCacheControl: NO_CACHE }
  const parseAccept = createAcceptEncodingParser()
  /** Bytes on their way from `answer` to the sender, which asks for them by name. */
  const bodies = new LRUCache<string, Buffer>({
    maxSize: Math.max(1, settings.cache.maxBytes),
    sizeCalculation: (bytes) => bytes.length + 1,
  })
  const source: BodySource = {
    open: async ({ path }) => openBuffer(bodies.get(path) ?? readAgain(path)),
  }
  const readAgain = (file: string) => {
    const bytes = findAsset(file.replace(PAGE_MARK, ''))?.read() ?? Buffer.alloc(0)
    return file.endsWith(PAGE_MARK) ? withScript(bytes) : bytes
  }
  // Byte by byte: the page may have any encoding, the script is ASCII.
  const withScript = (bytes: Buffer) =>
    Buffer.from(insertScript(bytes.toString('latin1'), script ?? ''), 'latin1')

  /** A page in HTML as it leaves under its logical name. Under its hashed one it has the bytes of a build. */
  function asPage(name: string, found: ReadAsset): ReadAsset {
    const { asset } = found
    if (script === undefined || name === asset.file || bareMediaType(found.path) !== 'text/html') return found
    const bytes = withScript(found.bytes)
    const page = { file: asset.file + PAGE_MARK, size: bytes.length, etag: digester.of(bytes) }
    return { ...found, bytes, asset: { ...asset, ...page } }
  }

  function findAsset(name: string): LiveAsset | undefined {
    const path = parseHashedPath(name)?.path
    if (path === undefined) return resolver.find(name)
    return resolver.peek(path, name) ?? resolver.find(name) ?? resolver.find(path)
  }

  /** The index file of a folder, or where it is. */
  function indexOf(name: string) {
    const found = findIndex(name, settings, (path) => resolver.find(path) !== undefined)
    return typeof found === 'string' ? readCurrent(found, findAsset) : found
  }

  const cache = createBodyCache(settings.cache, source)
  return {
    sender: { cache, onFault, stallMs: settings.stallMs },
    // Whatever is remembered may be another file by now.
    answerTarget: () => undefined,
    answer(name, method, requestHeaders) {
      const found = readCurrent(name, findAsset) ?? indexOf(name)
      if (found === undefined || 'status' in found) return found
      onAnswer()
      const { asset, path, bytes } = asPage(name, found)
      bodies.set(asset.file, bytes)
      const responder = createResponder(asset, headersFor(path, false, headers, rules))
      const accept = requestHeaders['accept-encoding']
      return respond(
        responder,
        method,
        requestHeaders,
        parseAccept(typeof accept === 'string' ? accept : undefined),
      )
    },
  }
}

/** A file that is edited between being looked at and being read is looked at again. */
function readCurrent(name: string, find: (name: string) => LiveAsset | undefined): ReadAsset | undefined {
  const first = find(name)
  if (first === undefined) return undefined
  try {
    return { ...first, bytes: first.read() }
  } catch {
    const path = parseHashedPath(name)?.path ?? name
    const second = find(path)
    return second && { ...second, bytes: second.read() }
  }
}

function openBuffer(bytes: Buffer) {
  return {
    async *read({ start, end }: ByteRange) {
      yield bytes.subarray(start, end + 1)
    },
    close: async () => undefined,
  }
}
