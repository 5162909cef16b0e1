import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { createDigester } from '../../src/core/digest.ts'
import type { BodyCache } from '../../src/http/body-cache.ts'
import { asTheyAre, type CompleteHeaders } from '../../src/http/reply.ts'
import type { BodyFile } from '../../src/http/response.ts'
import { type Sender, send } from '../../src/http/send.ts'
import fingerpost from '../../src/index.ts'
import { createLiveEvents } from '../../src/live/reload/events.ts'
import { createChangeNotifier } from '../../src/live/reload/notifier.ts'
import type { LiveResolver } from '../../src/live/resolve/live-resolver.ts'
import { startLiveWatch } from '../../src/live/watch.ts'
import { createFolderSource } from '../../src/serve/manifest-source.ts'
import { parseServeOptions } from '../../src/serve/options.ts'
import { addBuildRoutes, installShortCircuit } from '../../src/serve/routes.ts'
import { createSite } from '../../src/serve/site.ts'
import { exchange, listen, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { parseMessages } from '../support/http-message.ts'
import { formOf, startMediaApp } from '../support/media-app.ts'
import { makeTree } from '../support/tree.ts'

// What an error of ours would end here is the process: the test runner takes an uncaught one for a failure.

/** A site that throws for every name it has, and what it logs. */
async function brokenSite(context: TestContext) {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const logged: unknown[] = []
  const log = { ...Fastify().log, error: (error: unknown) => logged.push(error) } as never
  const matches = () => {
    throw new Error('a fault of ours')
  }
  const settings = parseServeOptions({ root, watch: false })
  const site = createSite(await createFolderSource(root).load(), {
    ...{ settings, log, rules: [{ rule: { match: '*', set: {} }, matches }] },
    ...{ digester: await createDigester(), mount: { route: '/static/', path: '/static/', url: '/static/' } },
  })
  return { site, settings, logged }
}

test('with shortCircuit, a request that cannot be looked up goes to the app, and is logged once', async (context) => {
  const { site, logged } = await brokenSite(context)
  const server = createServer((_request, response) => response.end('the app'))
  context.after(() => server.close())
  installShortCircuit(server, '/static/', site)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  for (let n = 0; n < 3; n++) assert.equal((await exchange(port, '/static/a.css')).body.toString(), 'the app')
  assert.deepEqual([logged.length, site.stats().damaged], [1, 3])
})

test('a request that cannot be looked up fails as any route of the app does', async (context) => {
  const { site, settings } = await brokenSite(context)
  const app = Fastify()
  addBuildRoutes(app, '/static/', { site, settings })
  const { port } = await listen(context, app)
  assert.deepEqual(await statusesOf(port, '/static/a.css', 3), [500, 500, 500])
})

/** The statuses of as many requests in one packet. */
async function statusesOf(port: number, path: string, times: number): Promise<readonly number[]> {
  const received = await talk(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(times), 1000)
  return parseMessages(received, []).map(({ status }) => status)
}

test('a folder refuses a name that is none, before and after the turn of its answer', async (context) => {
  const app = Fastify()
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  await app.register(fingerpost, { root, watch: false, folders: [makeTree(context, { 'a.txt': 'a' })] })
  app.get('/download', (request, reply) => reply.download((request.query as { file: string }).file))
  const { port } = await listen(context, app)
  assert.deepEqual(await statusesOf(port, '/download', 3), [500, 500, 500])
  assert.deepEqual(await statusesOf(port, '/download?file=a.txt', 3), [200, 200, 200])
})

test('a form whose answer cannot be sent is answered with an error', async (context) => {
  const { origin } = await startMediaApp(context, {}, (app) => {
    app.post('/form', async (request, reply) => {
      await request.saveUploads({ files: { paper: { uploadTo: 'p' } } })
      return reply.type('text/plain').send(new Map())
    })
  })
  const body = formOf({ paper: ['a.txt', 'a'] })
  assert.equal((await fetch(`${origin}/form`, { method: 'POST', body })).status, 500)
})

const FILE: BodyFile = { path: 'a', key: 'a', encoding: 'identity', size: 10, etag: 'x' }

async function fault(): Promise<never> {
  throw new Error('a fault of ours')
}

async function* pieceThenFault() {
  yield Buffer.from('12345')
  await fault()
}

/** What may go wrong with a body: the part of a cache that fails. */
const FAULTS: Readonly<Record<string, Partial<BodyCache>>> = {
  'the memory throws': {
    peek() {
      throw new Error('a fault of ours')
    },
  },
  'the read fails': { load: fault },
  'the file cannot be opened': { admits: () => false, open: fault },
  'the file breaks off': {
    admits: () => false,
    open: async () => ({ read: pieceThenFault, close: async () => undefined }),
  },
  'the file cannot be closed': {
    admits: () => false,
    open: async () => ({ read: pieceThenFault, close: fault }),
  },
}

for (const [what, broken] of Object.entries({ ...FAULTS, 'headers cannot be made': {} })) {
  test(`an answer ends and its error is reported if ${what}`, async (context) => {
    const faults: unknown[] = []
    const none = { peek: () => undefined, admits: () => true, load: async () => Buffer.alloc(10) }
    const cache = { ...none, ...broken } as unknown as BodyCache
    const sender: Sender = { cache, stallMs: 1000, onFault: (error) => faults.push(error) }
    const complete: CompleteHeaders =
      what === 'headers cannot be made' ? () => assert.fail('a fault of ours') : asTheyAre
    const response = { status: 200, headers: ['Content-Length', '10'] }
    const app = Fastify() as FastifyInstance
    app.get('/', (_request, reply) => {
      send(reply.hijack().raw, { ...response, body: { kind: 'file', file: FILE } }, complete, sender)
    })
    const { port } = await listen(context, app)
    const statuses = (await talk(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toString()
    assert.ok(!statuses.includes('1234567890'))
    assert.ok(faults.length > 0)
  })
}

test('what changes while the server closes is not written to pages that are gone', async (context) => {
  const events = createLiveEvents(() => [])
  const server = createServer((_request, response) =>
    events.connect(response, { seen: undefined, isNew: true }),
  )
  context.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  )
  await once(socket, 'data')
  events.close()
  events.send('reload', {})
  await once(socket.resume(), 'close')
})

test('a page that takes no events is disconnected before they fill the memory', async (context) => {
  const events = createLiveEvents(() => [])
  const answers: ServerResponse[] = []
  const server = createServer((_request, response) => {
    answers.push(response)
    events.connect(response, { seen: undefined, isNew: true })
  })
  context.after(() => {
    events.close()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  )
  socket.on('error', () => undefined)
  await once(socket, 'readable')
  const [answer] = answers
  const text = 'x'.repeat(256 * 1024)
  // The system's own buffers take some megabytes first.
  for (let n = 0; n < 200 && answer?.destroyed === false; n++) {
    events.send('change', text)
    assert.ok((answer?.writableLength ?? 0) < 2 * 1024 * 1024, `${answer?.writableLength} bytes wait`)
    await setImmediate()
  }
  assert.equal(answer?.destroyed, true)
  socket.destroy()
})

test('problems that cannot be told are logged', async (context) => {
  const errors: unknown[] = []
  const problems = () => assert.fail('a fault of ours')
  const notifier = createChangeNotifier({
    resolver: { problems } as unknown as LiveResolver,
    pages: { hasChanged: async () => false },
    onListed: async () => undefined,
    onError: (error) => errors.push(error),
  })
  context.after(() => notifier.close())
  notifier.checkProblemsSoon()
  for (let attempt = 0; attempt < 100 && errors.length === 0; attempt++) await sleep(20)
  assert.equal(errors.length, 1)
})

test('a watcher that cannot be closed is forgotten', async () => {
  let closed = 0
  const watcher = Object.assign(new EventEmitter(), {
    close: () => {
      closed++
      return fault()
    },
  })
  const watch = startLiveWatch({
    ...{ folders: [], check: async () => false, onPolling: () => undefined },
    openWatcher: async () => watcher,
  })
  watch.close()
  await sleep(50)
  assert.equal(closed, 1)
})
