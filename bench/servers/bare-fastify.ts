import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { announce, type PreparedAnswer, prepareAnswers, readOptions } from './server-process.ts'

const { byUrl, notModified } = prepareAnswers(readOptions().answers)
const headersOf = new Map<PreparedAnswer, Record<string, string>>()
for (const answer of byUrl.values()) headersOf.set(answer, asObject(answer.headers))
const headersOf304 = new Map([...notModified].map(([etag, headers]) => [etag, asObject(headers)]))

const app = Fastify()
app.get('/static/*', (request, reply) => {
  const answer = byUrl.get(request.raw.url ?? '')
  if (answer === undefined) return reply.code(500).send()
  const condition = request.headers['if-none-match']
  if (condition !== undefined && condition === answer.etag) {
    return reply
      .code(304)
      .headers(headersOf304.get(condition) ?? {})
      .send()
  }
  return reply
    .code(answer.status)
    .headers(headersOf.get(answer) ?? {})
    .send(answer.body)
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce((app.server.address() as AddressInfo).port)

function asObject(flat: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) object[flat[i] ?? ''] = flat[i + 1] ?? ''
  return object
}
