import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import sirv from 'sirv'
import { announce, readOptions } from './server-process.ts'

const serve = sirv(readOptions().www, {
  brotli: true,
  gzip: true,
  etag: true,
  immutable: true,
  maxAge: 31_536_000,
})
const server = createServer((request, response) =>
  serve(request, response, () => void response.writeHead(404).end()),
)
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
