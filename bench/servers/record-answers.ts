import type { Answer, RecordedAnswers } from './answers.ts'
import { ask, type WireAnswer } from './ask.ts'
import { ACCEPT_ENCODING } from './serve-profiles.ts'
import { type BuiltSite, urlsOf } from './site.ts'

/** Headers that belong to the connection or the moment: a server makes its own. */
const OWN_HEADERS = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding'])

/** Asks a fingerpost server everything a profile asks and keeps its answers for the bare servers. */
export async function recordAnswers(
  port: number,
  site: BuiltSite,
  paths: readonly string[],
): Promise<RecordedAnswers> {
  const answers = new Map<string, Answer>()
  const notModified = new Map<string, readonly string[]>()
  const headers = { 'accept-encoding': ACCEPT_ENCODING }
  for (const url of urlsOf(site, paths)) {
    const answer = await ask(port, url, headers)
    answers.set(url, {
      url,
      status: answer.status,
      headers: keptHeaders(answer),
      body: answer.body.toString('base64'),
    })
    const { etag } = answer.headers
    if (typeof etag !== 'string') continue
    notModified.set(etag, keptHeaders(await ask(port, url, { ...headers, 'if-none-match': etag })))
  }
  return { answers: [...answers.values()], notModified: [...notModified] }
}

function keptHeaders({ rawHeaders }: WireAnswer): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!OWN_HEADERS.has(name.toLowerCase())) kept.push(name, rawHeaders[i + 1] ?? '')
  }
  return kept
}
