import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { announce, prepareAnswers, readOptions } from './server-process.ts'

const { byUrl, notModified } = prepareAnswers(readOptions().answers)

// The least there is below Fastify's router and its hooks: bare-http.ts as the handler of a route.
const app = Fastify()
app.get('/static/*', (request, reply) => {
  reply.hijack()
  const response = reply.raw
  const answer = byUrl.get(request.raw.url ?? '')
  if (answer === undefined) {
    response.writeHead(500).end()
    return
  }
  const condition = request.raw.headers['if-none-match']
  if (condition !== undefined && condition === answer.etag) {
    response.writeHead(304, notModified.get(condition) ?? []).end()
    return
  }
  response.writeHead(answer.status, answer.headers).end(answer.body)
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce((app.server.address() as AddressInfo).port)
