import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { asAnything, asOneOf, type OptionTable } from '../../core/option.ts'
import { encodePath, fileNameOf } from '../../core/path.ts'
import { parsePublicUrl } from '../../core/public-url.ts'
import { isObjectStore, type Storage } from '../../storage/storage.ts'
import { type DispositionType, formatDisposition, storedTypeOf } from '../content/presentation.ts'
import type { LinkSigner } from './link.ts'

/** What a signed address permits. */
export interface MediaLinkOptions {
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
  /** `PUT` lets somebody put the bytes of this name there. Default `GET`. */
  readonly method?: 'GET' | 'PUT'
  /** GET: `attachment` makes a browser save even a picture. */
  readonly disposition?: DispositionType
}

export const LINK_TABLE: OptionTable<MediaLinkOptions> = {
  // Checked by what signs.
  expiresInSeconds: asAnything,
  method: asOneOf('GET', 'PUT'),
  disposition: asOneOf('inline', 'attachment'),
}

/**
 * The addresses of a storage's files: below a URL where the media plugin serves them, or else those of the object
 * store itself.
 *
 * @param url with a slash at its end; undefined for the storage's own
 * @param signer signs below the URL; undefined for the storage's own signatures
 */
export function createAddresses(storage: Storage, url: string | undefined, signer: LinkSigner | undefined) {
  const store = isObjectStore(storage) ? storage : undefined
  const base = url === undefined ? undefined : parsePublicUrl(url).href
  return {
    url(name: string): string {
      if (base !== undefined) return base + encodePath(name)
      if (store !== undefined) return store.url(name)
      throw noAddress(storage, 'addresses', 'url')
    },
    async signedUrl(name: string, options: MediaLinkOptions): Promise<string> {
      const { method = 'GET', disposition, expiresInSeconds = LIMITS.linkDefaultSeconds } = options
      if (base !== undefined && signer !== undefined)
        return base + encodePath(name) + signer.sign({ name, method, disposition }, expiresInSeconds)
      if (store === undefined)
        throw noAddress(storage, 'signed addresses', base === undefined ? 'url and keys' : 'keys')
      // What a browser puts there has a type that no browser runs; what it gets has the type it was stored with.
      if (method === 'PUT')
        return store.signedUrl(name, { method, expiresInSeconds, contentType: storedTypeOf(name) })
      if (disposition !== 'attachment') return store.signedUrl(name, { expiresInSeconds })
      // A link can turn `inline` off, never on.
      const download = formatDisposition(disposition, fileNameOf(name))
      return store.signedUrl(name, { expiresInSeconds, disposition: download })
    },
  }
}

function noAddress(storage: Storage, what: string, option: string): FingerpostError {
  return new FingerpostError('FP_CONFIG', `Files of ${storage.name} have no ${what} of their own.`, {
    remedy: `Give the media plugin, or createMediaStorage(), the option ${option}.`,
  })
}
