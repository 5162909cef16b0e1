import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { announce } from './server-process.ts'

// An app with nothing in it: what every Fastify process costs before the first plugin.
const app = Fastify()
await app.listen({ host: '127.0.0.1', port: 0 })
announce((app.server.address() as AddressInfo).port)
