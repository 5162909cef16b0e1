// Pipelined requests of one client, which then leaves: how many descriptors do @fastify/static's answers hold?
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'

const root = mkdtempSync(join(tmpdir(), 'static-'))
writeFileSync(join(root, 'a.bin'), Buffer.alloc(8_000_000))
const app = Fastify()
await app.register(fastifyStatic, { root })
const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))

const descriptors = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).endsWith('a.bin')
    } catch {
      return false
    }
  }).length

const socket = connect(Number(port), '127.0.0.1')
await once(socket, 'connect')
socket.write('GET /a.bin HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200))
await sleep(1000)
const before = descriptors()
socket.resetAndDestroy()
await sleep(3000)
console.log(JSON.stringify({ connected: before, afterReset: descriptors() }))
rmSync(root, { recursive: true })
process.exit()
