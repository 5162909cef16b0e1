import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { announce, readOptions } from './server-process.ts'

const app = Fastify()
await app.register(fastifyStatic, {
  root: join(readOptions().www, 'static'),
  prefix: '/static/',
  preCompressed: true,
  immutable: true,
  maxAge: '365d',
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce((app.server.address() as AddressInfo).port)
