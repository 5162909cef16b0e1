import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import type { Server as NodeServer } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { formatNginxConfig } from '../../src/deploy/nginx/config.ts'
import fingerpost from '../../src/index.ts'
import { createFilesystemStorage, media, type Quota, type Storage } from '../../src/media.ts'
import { freePort } from '../support/ceph.ts'
import { mountIgnoringCase } from '../support/exfat.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { startNginx, writeNginxConfig } from '../support/nginx.ts'
import { createRandom } from '../support/random.ts'
import { hasTool } from '../support/require.ts'

/** What must never arrive. */
export const SECRET = 'TOP-SECRET-9f8e7d'

/** A little below the limit of one answer, so that all of it may be announced, read and left unread. */
const BIG = randomBytes(12_000_000)
/** More than the sockets at both ends of a connection buffer. */
export const HUGE_BYTES = 100_000_000

/** Servers under attack, all in this process. */
export interface World {
  readonly random: ReturnType<typeof createRandom>
  /**
   * A build, its folders and media over HTTP/1.1; a build and media over HTTP/2; sources; a storage that ignores ranges;
   * media on a disk that ignores case, where one can be mounted; an app behind nginx, or alone where there is none.
   */
  readonly ports: Readonly<Record<Server, number>>
  readonly folders: Readonly<Record<'build' | 'media' | 'sources' | 'outside', string>>
  /** A signed link for a PUT of this name. */
  putLink(name: string): Promise<string>
  /** Resolves once the server has closed its end of a connection. */
  closed(server: Server, connection: Socket): Promise<void>
  /** Writes another build over the one in service. */
  rebuild(round: number): Promise<void>
  /** A line of the logs that a terminal would obey. */
  obeyed(): string | undefined
  /** Uploads whose quota is neither used nor given back. */
  openLeases(): number
  /** Answers that failed because a file was damaged. */
  damaged(): number
  close(): Promise<void>
}

type Server = 'main' | 'http2' | 'live' | 'odd' | 'caseless' | 'proxied'

/** Characters that move a terminal; lines of JSON end with one that may. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** What the helpers of tests need of a test: its end. */
function createEnd() {
  const steps: (() => unknown)[] = []
  const after = (step: () => unknown) => void steps.unshift(step)
  const context = { after, skip: (why: string) => console.log(why) } as unknown as TestContext
  const end = async () => {
    for (const step of steps) await step()
  }
  return { context, end }
}

export async function createWorld(): Promise<World> {
  const { context, end } = createEnd()
  const top = mkdtempSync(join(tmpdir(), 'fingerpost-soak-'))
  const folderOf = (name: string) => {
    mkdirSync(join(top, name, '@team'), { recursive: true })
    writeFileSync(join(top, name, '@team', 'plan.txt'), SECRET)
    return join(top, name)
  }
  const [build, files, sources, outside] = ['build', 'media', 'sources', 'outside'].map(folderOf) as [
    ...[string, string, string, string],
  ]
  for (const folder of [files, sources]) writeFileSync(join(folder, 'big.mp4'), BIG)
  writeFileSync(join(files, 'huge.mp4'), '')
  truncateSync(join(files, 'huge.mp4'), HUGE_BYTES)
  writeFileSync(join(outside, 'a.txt'), SECRET)
  mkdirSync(join(files, 'swap'))
  writeFileSync(join(files, 'swap', 'a.txt'), 'public')
  writeFileSync(join(top, 'fingerpost.config.json'), '{}')
  const rebuild = async (round: number) => void (await writeBuild(build, filesOf(round)))
  await rebuild(0)
  const { quota, leases } = countingQuota()
  const storage = createFilesystemStorage({ root: files })
  const keys = [{ id: 'k', secret: 's'.repeat(32) }]
  const options = { storage, quota, keys, production: false, stallSeconds: 1 }

  let obeyed: string | undefined
  const write = (line: string) => {
    // Fastify's own line repeats the URL.
    if (CONTROLS.test(line) && !line.includes('"incoming request"')) obeyed = line
  }
  const logging = { logger: { level: 'info', stream: { write } } }

  const main = Fastify(logging)
  await main.register(fingerpost, {
    ...{ root: build, watch: { intervalMs: 100 }, cache: { maxBytes: 4_000_000 }, folders: [files] },
  })
  await main.register(media, options)
  for (const path of ['/static/@team/*', '/media/@team/*'])
    main.get(path, (_request, reply) => reply.code(403).send('guarded'))
  main.get('/folder/*', (request, reply) => reply.sendFile((request.params as { '*': string })['*']))
  main.post('/form', async (request) => {
    const form = await request.saveUploads({
      files: { f: { uploadTo: 'new', maxFiles: 5, overwrite: true } },
    })
    await form.commit()
    for (const { name } of form.files) await main.media.delete(name)
    return 'saved'
  })

  const http2 = Fastify({ http2: true }) as unknown as FastifyInstance
  await http2.register(fingerpost, {
    root: build,
    watch: { intervalMs: 100 },
    cache: false,
    shortCircuit: true,
  })
  await http2.register(media, options)
  http2.post('/form', (request) => request.saveUploads({ files: { f: { uploadTo: 'new' } } }))

  const live = Fastify(logging)
  await live.register(fingerpost, {
    live: { config: join(top, 'fingerpost.config.json') },
    sources: [sources],
  })

  const odd = Fastify()
  await odd.register(media, { storage: ignoringRanges(storage), keys, production: false, stallSeconds: 1 })
  odd.get('/ticket', (request) => odd.media.direct.complete((request.query as { ticket: string }).ticket))

  const disk = mountIgnoringCase(context) ?? join(top, 'caseless')
  for (const folder of ['@team', 'private']) {
    mkdirSync(join(disk, folder), { recursive: true })
    writeFileSync(join(disk, folder, 'plan.txt'), SECRET)
  }
  const caseless = Fastify()
  await caseless.register(media, {
    ...{ storage: createFilesystemStorage({ root: disk }), keys, production: false, private: ['private/'] },
  })
  caseless.get('/media/@team/*', (_request, reply) => reply.code(403).send('guarded'))

  const proxied = Fastify({ trustProxy: true })
  await proxied.register(fingerpost, { root: build, watch: { intervalMs: 100 } })
  proxied.get('/absolute', (_request, reply) => reply.send(reply.static('f1.css', { absolute: true })))

  const apps = { main, http2, live, odd, caseless, proxied }
  const ends: Partial<Record<Server, ReturnType<typeof trackConnections>>> = {}
  const ports: Partial<Record<Server, number>> = {}
  for (const [name, app] of Object.entries(apps) as [Server, FastifyInstance][]) {
    ports[name] = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    ends[name] = trackConnections(app.server)
  }
  if (hasTool(context, 'nginx')) ports.proxied = await putNginxBefore(context, ports.proxied ?? 0)
  return {
    random: createRandom(1),
    ports: ports as World['ports'],
    folders: { build, media: files, sources, outside },
    rebuild,
    putLink: (name) => main.media.signedUrl(name, { method: 'PUT' }),
    async closed(server, { localPort }) {
      const end = ends[server]?.get(localPort)
      if (end !== undefined) await new Promise((resolve) => end.once('close', resolve))
    },
    obeyed: () => obeyed,
    openLeases: () => leases.size,
    damaged: () => main.staticStats().damaged + http2.staticStats().damaged,
    async close() {
      await Promise.all(Object.values(apps).map((app) => app.close()))
      await end()
      rmSync(top, { recursive: true })
    },
  }
}

function filesOf(round: number): Readonly<Record<string, string | Uint8Array>> {
  const css = Array.from({ length: 30 }, (_, n) => [`f${n}.css`, `/* ${round % 7} ${n} */`.repeat(2000)])
  return { 'big.mp4': BIG, '@team/plan.txt': SECRET, ...Object.fromEntries(css) }
}

/** The open connections of a server, by the port of the client. */
function trackConnections(server: NodeServer): ReadonlyMap<number | undefined, Socket> {
  const connections = new Map<number | undefined, Socket>()
  server.on('connection', (socket) => {
    const { remotePort } = socket
    connections.set(remotePort, socket)
    socket.once('close', () => connections.delete(remotePort))
  })
  return connections
}

/** The port of nginx with the configuration that is generated, in front of an app. */
async function putNginxBefore(context: TestContext, port: number): Promise<number> {
  const listen = await freePort()
  const config = formatNginxConfig({
    ...{ listen: `127.0.0.1:${listen}`, serverName: '_', app: `http://127.0.0.1:${port}` },
    ...{ static: undefined, media: undefined, whole: { modules: [] } },
  })
  await startNginx(context, writeNginxConfig(context, config), listen)
  return listen
}

/** A quota that knows which reservations are open. */
function countingQuota(): { readonly quota: Quota<unknown>; readonly leases: ReadonlySet<object> } {
  const leases = new Set<object>()
  const reserve = () => {
    const lease = {
      maxBytes: 1_000_000,
      commit: () => void leases.delete(lease),
      rollback: () => void leases.delete(lease),
    }
    leases.add(lease)
    return lease
  }
  return { quota: { reserve }, leases }
}

/** An object store behind a proxy that answers every range with the whole file. */
function ignoringRanges({ openFile: _openFile, ...storage }: Storage): Storage {
  const signed = 'http://bucket.example/'
  return {
    ...storage,
    open: (key) => storage.open(key),
    url: (key) => signed + key,
    signedUrl: async (key) => signed + key,
    presignedPost: async () => ({ url: signed, fields: {} }),
  }
}
