import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce, prepareAnswers, readOptions } from './server-process.ts'

const { byUrl, notModified } = prepareAnswers(readOptions().answers)

const server = createServer((request, response) => {
  const answer = byUrl.get(request.url ?? '')
  if (answer === undefined) {
    response.writeHead(500).end()
    return
  }
  const condition = request.headers['if-none-match']
  if (condition !== undefined && condition === answer.etag) {
    response.writeHead(304, notModified.get(condition) ?? []).end()
    return
  }
  response.writeHead(answer.status, answer.headers).end(answer.body)
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
