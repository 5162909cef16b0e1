import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { build } from '../../src/builder/build.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { makeTree } from '../support/tree.ts'
import { get, SITE, setUpLive } from './live-app.ts'

test('pages get the reload script, with the nonce, and other answers stay as they are', async (context) => {
  const { app } = await setUpLive(context)
  app.get('/csp', (_request, reply) => {
    Object.assign(reply, { cspNonce: { script: 'abc', style: 'def' } })
    return reply.type('text/html; charset=utf-8').header('content-length', '4').send('page')
  })
  app.get('/json', () => ({ html: '<body></body>' }))
  assert.equal(
    (await get(app, '/page')).body,
    '<body><p>page</p><script src="/static/__fingerpost/live.js"></script></body>',
  )
  assert.equal(
    (await get(app, '/csp')).body,
    'page<script src="/static/__fingerpost/live.js" nonce="abc"></script>',
  )
  assert.equal((await get(app, '/json')).body, '{"html":"<body></body>"}')
  const script = await get(app, '/static/__fingerpost/live.js')
  assert.equal(script.statusCode, 200)
  new Function(script.body)
})

test('an error that a browser gets instead of a page is a page that reloads', async (context) => {
  const { app } = await setUpLive(context)
  app.get('/broken', () => app.staticUrl('css/<none>.css'))
  app.get('/own', (_request, reply) => reply.code(500).type('text/html').send('<body>own</body>'))
  const page = await get(app, '/broken', { accept: 'text/html,*/*' })
  assert.equal(page.statusCode, 500)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(page.body, /No source has &quot;css\/&lt;none&gt;\.css&quot;/)
  const script = '<script src="/static/__fingerpost/live.js" data-error></script>'
  assert.ok(page.body.endsWith(script))
  assert.equal((await get(app, '/own')).body, `<body>own${script}</body>`)
  assert.equal((await get(app, '/broken')).json().statusCode, 500)
  assert.match((await get(app, '/none', { accept: 'text/html' })).body, /Route GET:\/none not found/)
})

test('a page that connects while the server closes does not delay its end', {
  timeout: 20_000,
}, async (context) => {
  const { app } = await setUpLive(context)
  let goOn = () => {}
  const closing = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let arrived = () => {}
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve
  })
  app.addHook('onRequest', async () => {
    arrived()
    await closing
  })
  app.addHook('preClose', async () => goOn())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const answer = fetch(`${origin}/static/__fingerpost/events`).then((response) => response.text())
  await arrival
  await app.close()
  assert.equal(await answer, '')
})

test('without reload there is no script and no stream; a build never has them', async (context) => {
  const { app, folder } = await setUpLive(context, SITE, { live: { reload: false } })
  assert.equal((await get(app, '/page')).body, '<body><p>page</p></body>')
  assert.equal((await get(app, '/static/__fingerpost/live.js')).statusCode, 404)
  const out = makeTree(context)
  await build({ sources: [folder], out, cache: false }, { cwd: folder })
  const built = Fastify()
  context.after(() => built.close())
  await built.register(fingerpost, { root: out })
  built.get('/page', (_request, reply) => reply.type('text/html').send('<body></body>'))
  assert.equal((await get(built, '/page')).body, '<body></body>')
  assert.equal((await get(built, '/static/__fingerpost/live.js')).statusCode, 404)
  assert.equal((await get(built, '/static/__fingerpost/events')).statusCode, 404)
})

test('a broken stylesheet arrives, a broken script throws, and the stream tells of both', async (context) => {
  const { app, folder } = await setUpLive(context, {
    'css/site.css': 'a{background:url(../img/lgoo.svg)}',
    'img/logo.svg': '',
    'js/app.js': "import './dpe.js'; import './a.json'",
    'js/dep.js': '',
    'js/a.json': '{}',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const origin = app.listeningOrigin
  assert.equal((await get(app, app.static('css/site.css'))).body, 'a{background:url(../img/lgoo.svg)}')
  const script = await get(app, app.static('js/app.js'))
  assert.throws(
    () => new Function(script.body)(),
    /js\/app\.js:1:9 {2}\.\/dpe\.js points to js\/dpe\.js.*\n {2}nearest {3}js\/dep\.js/,
  )
  const events = await listen(`${origin}/static/__fingerpost/events`)
  assert.equal((await events.next('problems')).length, 3)
  writeFileSync(join(folder, 'img/lgoo.svg'), '')
  const changes = await events.next('change')
  assert.deepEqual(
    changes.map(({ path }: { path: string }) => path),
    ['css/site.css'],
  )
  assert.equal((await events.next('problems')).length, 2)
  events.end()
})

test('a change in a folder of templates is told, one in any other is not', async (context) => {
  const views = makeTree(context, { 'page.njk': 'one', 'parts/nav.njk': '' })
  const { app, folder } = await setUpLive(context, SITE, { live: { watch: [views] } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const events = await listen(`${app.listeningOrigin}/static/__fingerpost/events`)
  await events.next('problems')
  writeFileSync(join(folder, 'css/base.css'), 'a{color:tan}')
  writeFileSync(join(views, 'parts/nav.njk'), 'two')
  assert.deepEqual(await events.next('reload'), {})
  events.end()
})

test('a folder of templates that is none stops the start', async (context) => {
  await assert.rejects(setUpLive(context, SITE, { live: { watch: ['no/views'] } }), {
    code: 'FP_CONFIG',
    message: /live\.watch: \S+no\/views is not a folder/,
  })
})

test('who was away is told what he missed, and to load anew where nobody knows', async (context) => {
  const { app, folder } = await setUpLive(context)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `${app.listeningOrigin}/static/__fingerpost/events`
  const first = await listen(url)
  const [, id = ''] = /^id: (.*)$/m.exec(await first.welcome()) ?? []
  first.end()
  assert.match(id, /^[0-9a-f-]{36}\/0$/)
  app.static('css/base.css')
  writeFileSync(join(folder, 'css/base.css'), 'a{color:tan}')
  await app.staticReload()
  for (const asked of [`?seen=${id}`, id]) {
    const events = asked === id ? await listen(url, { 'last-event-id': id }) : await listen(url + asked)
    assert.equal((await events.next('change'))[0].path, 'css/base.css')
    events.end()
  }
  for (const seen of [`${id}9`, 'other/0', 'nonsense']) {
    const events = await listen(`${url}?seen=${seen}`)
    assert.deepEqual(await events.next('reload'), {})
    events.end()
  }
  const late = await listen(url)
  assert.doesNotMatch(await late.welcome(), /event: (change|reload)/)
  late.end()
})

test('a page that was loading while a file changed is told when it listens, by what its tab has seen', async (context) => {
  const { app, folder } = await setUpLive(context)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `${app.listeningOrigin}/static/__fingerpost/events`
  const before = await listen(url)
  const [, id = ''] = /^id: (.*)$/m.exec(await before.welcome()) ?? []
  before.end()
  await get(app, app.static('css/base.css'))
  writeFileSync(join(folder, 'css/base.css'), 'a{color:tan}')
  await app.staticReload()
  const events = await listen(`${url}?page=new&seen=${id}`)
  assert.equal((await events.next('change'))[0].path, 'css/base.css')
  events.end()
  const restarted = await listen(`${url}?page=new&seen=other/7`)
  assert.doesNotMatch(await restarted.welcome(), /event: (change|reload)/, 'it is new already')
  restarted.end()
})

test('of pipelined requests for events only the one whose turn it is becomes a listener', async (context) => {
  const { app } = await setUpLive(context)
  const answers: ServerResponse[] = []
  app.server.prependListener('request', (_request, response) => answers.push(response))
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const request = 'GET /static/__fingerpost/events HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(request.repeat(50)))
  await once(socket, 'data')
  while (answers.length < 50) await sleep(5)
  await sleep(50)
  assert.equal(answers.filter(({ headersSent }) => headersSent).length, 1)
  socket.destroy()
})

test('an app with pages that listen closes at once', async (context) => {
  const { app } = await setUpLive(context)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const events = await listen(`${app.listeningOrigin}/static/__fingerpost/events`)
  await events.welcome()
  const giveUp = setTimeout(() => events.end(), 20_000)
  await app.close()
  clearTimeout(giveUp)
  await assert.rejects(events.next('change'), /ended before change/)
})

test('HTML files of the sources get the script under their logical names, where visitors ask for them', async (context) => {
  const html = '<h1>caf\u00e9</h1></body>'
  for (const cache of [undefined, false] as const) {
    const tree = { 'index.html': Buffer.from(html, 'latin1') }
    const { app } = await setUpLive(context, tree, { index: 'index.html', ...(cache === false && { cache }) })
    const script = '<script src="/static/__fingerpost/live.js"></script>'
    const expected = Buffer.from(html.replace('</body>', `${script}</body>`), 'latin1')
    for (const url of ['/static/', '/static/index.html']) {
      const page = await get(app, url)
      assert.deepEqual(page.rawPayload, expected, url)
      const head = await app.inject({ method: 'HEAD', url })
      assert.equal(head.headers['content-length'], String(expected.length))
      const again = await get(app, url, { 'if-none-match': String(page.headers['etag']) })
      assert.equal(again.statusCode, 304)
    }
    assert.deepEqual((await get(app, app.static('index.html'))).rawPayload, tree['index.html'])
  }
})

/** Listens to what browsers are told. */
async function listen(url: string, headers: Readonly<Record<string, string>> = {}) {
  const connection = new AbortController()
  const response = await fetch(url, { headers, signal: connection.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readMore = async (what: string) => {
    const { value, done } = (await reader?.read()) ?? { done: true }
    if (done) throw new Error(`the stream ended before ${what}`)
    text += value
  }
  return {
    /** The data of the next event of this name; others are passed over. */
    async next(name: string) {
      for (;;) {
        const match = /event: (\S+)\ndata: (.*)\n\n/.exec(text)
        if (match === null) {
          await readMore(name)
          continue
        }
        text = text.slice(match.index + match[0].length)
        if (match[1] === name) return JSON.parse(match[2] ?? '')
      }
    },
    /** Everything that is said at once to who has just come. */
    async welcome(): Promise<string> {
      while (!text.includes('event: problems')) await readMore('problems')
      return text
    },
    end: () => connection.abort(),
  }
}
