import { brotliDecompressSync } from 'node:zlib'
import { ask } from './ask.ts'
import { ACCEPT_ENCODING, type ServeProfile } from './serve-profiles.ts'
import { type BuiltSite, bytesOf, urlsOf } from './site.ts'

/** The headers with which a server gave the planned answers, to put it under load with. */
export type CheckedHeaders = Readonly<Record<string, string>>

/**
 * Asks a server everything a profile will ask and compares status, encoding and decoded bytes, so that nobody is
 * measured doing something else.
 *
 * @throws Error naming the first answer that isn't as it should be
 */
export async function checkServer(
  port: number,
  site: BuiltSite,
  profile: ServeProfile,
): Promise<CheckedHeaders> {
  const headers: Record<string, string> = { 'accept-encoding': ACCEPT_ENCODING }
  for (const url of urlsOf(site, profile.paths)) {
    if (profile.status === 304) headers['if-none-match'] = await etagOf(port, url)
    const answer = await ask(port, url, headers)
    if (answer.status !== profile.status)
      throw new Error(`${url}: status ${answer.status}, not ${profile.status}`)
    if (profile.status === 200) await checkBody(site, url, answer)
    if (profile.status === 304 && answer.body.length > 0) throw new Error(`${url}: a 304 with a body`)
  }
  return headers
}

async function etagOf(port: number, url: string): Promise<string> {
  const { headers } = await ask(port, url, { 'accept-encoding': ACCEPT_ENCODING })
  const etag = headers['etag']
  if (typeof etag !== 'string') throw new Error(`${url}: no ETag to ask with`)
  return etag
}

async function checkBody(
  site: BuiltSite,
  url: string,
  answer: { readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer },
): Promise<void> {
  const encoding = answer.headers['content-encoding']
  if (encoding !== 'br') throw new Error(`${url}: encoding ${String(encoding)}, not br`)
  const decoded = brotliDecompressSync(answer.body)
  if (!decoded.equals(await bytesOf(site, url))) throw new Error(`${url}: other bytes than the build's`)
}
