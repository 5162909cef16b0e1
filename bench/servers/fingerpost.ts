import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyPluginAsync } from 'fastify'
import { announce, readOptions } from './server-process.ts'

const { www, dist } = readOptions()
const loaded: unknown = await import(pathToFileURL(join(dist, 'index.js')).href)
const { default: plugin } = loaded as { readonly default: FastifyPluginAsync<Record<string, unknown>> }

const app = Fastify()
const shortCircuit = process.argv[3] === 'shortCircuit' ? { shortCircuit: true } : {}
await app.register(plugin, { root: join(www, 'static'), ...shortCircuit })
await app.listen({ host: '127.0.0.1', port: 0 })
announce((app.server.address() as AddressInfo).port)
