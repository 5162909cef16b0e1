import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { CLI } from '../../support/cli.ts'
import { exchange } from '../../support/exchange.ts'
import { makeBuild, writeBuild } from '../../support/fixture-build.ts'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

/** Starts the command in a process of its own, which signals are about, and waits for its first line. */
async function startServe(context: TestContext, ...argv: readonly string[]) {
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  context.after(() => child.kill('SIGKILL'))
  const line = await nextLine(child, 'stdout')
  return { child, line, port: Number(/:(\d+)/.exec(line)?.[1]) }
}

async function nextLine(child: ChildProcess, name: 'stdout' | 'stderr'): Promise<string> {
  const [chunk] = await once(child[name] ?? child, 'data')
  return String(chunk).trim()
}

test('serve prints the address, answers, takes a new build on SIGHUP and ends on SIGTERM', async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'first', 'index.html': 'home' })
  const { child, line, port } = await startServe(context, '--root', root, '--index', 'index.html')
  assert.match(line, /^http:\/\/127\.0\.0\.1:\d+\/static\/$/)
  assert.equal((await exchange(port, '/static/a.txt')).body.toString(), 'first')
  assert.equal((await exchange(port, '/static/')).body.toString(), 'home')
  await writeBuild(root, { 'a.txt': 'second' })
  child.kill('SIGHUP')
  assert.match(await nextLine(child, 'stderr'), /^(Now serving the|No) new build/)
  assert.equal((await exchange(port, '/static/a.txt')).body.toString(), 'second')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})

test('an index that no folder has is refused, because the address would answer nothing', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'one' })
  const { code, stderr } = await runIn(root, 'serve', '--root', '.', '--index', 'index.html', '--port', '0')
  assert.equal(code, 2)
  assert.match(stderr, /No file is called index\.html\./)
})

test('the address that serve prints answers with a list of all files, and each link leads to its file', async (context) => {
  const root = await makeBuild(context, { 'css/a.css': 'one', 'a <b>&"c".txt': 'two', 'x:y.txt': 'three' })
  const { line, port } = await startServe(context, '--root', root)
  const { status, headers, body } = await exchange(port, new URL(line).pathname)
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  const links = [...body.toString().matchAll(/<li><a href="([^"]+)">(.*)<\/a><\/li>/g)]
  assert.deepEqual(
    links.map(([, , name]) => name),
    ['a &lt;b&gt;&amp;&quot;c&quot;.txt', 'css/a.css', 'x:y.txt'],
  )
  const texts = links.map(async ([, href = '']) =>
    (await fetch(new URL(href.replaceAll('&amp;', '&'), line))).text(),
  )
  assert.deepEqual(await Promise.all(texts), ['two', 'one', 'three'])
})

test('serve without a build says what to run', async (context) => {
  const outcome = await runIn(makeTree(context), 'serve', '--port', '0')
  assert.equal(outcome.code, 1)
  assert.match(outcome.stderr, /staticfiles[\s\S]*fingerpost build/)
})

test('serve --root of a folder without a build says how to make one', async (context) => {
  const { code, stderr } = await runIn(makeTree(context, { a: {} }), 'serve', '--root', 'a')
  assert.equal(code, 1)
  assert.equal(stderr, 'fingerpost: a/ holds no build. Run: fingerpost build --out a\n')
})

test('serve --root of a folder of sources says how to serve and to build them', async (context) => {
  const { code, stderr } = await runIn(makeTree(context, { 'a/site.css': '' }), 'serve', '--root', 'a')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^fingerpost: a\/ holds no build\. Run: fingerpost build a\n.* fingerpost serve --live a\n$/,
  )
})

test('serve --root of an output without a manifest says how to finish it', async (context) => {
  const leftover = { a: { 'site.0123456789abcdef.css': '', '.fingerpost/lock': '' } }
  const { stderr } = await runIn(makeTree(context, leftover), 'serve', '--root', 'a')
  assert.equal(stderr, 'fingerpost: a/ holds no build. Run: fingerpost build --out a\n')
})

test('serve with a source but without --live names both ways', async (context) => {
  const { code, stderr } = await runIn(makeTree(context), 'serve', 'assets')
  assert.equal(code, 2)
  assert.match(stderr, /fingerpost serve --live assets\n.*fingerpost serve --root assets/)
})

test('serve --live without sources says how to name them', async (context) => {
  const { code, stderr } = await runIn(makeTree(context), 'serve', '--live')
  assert.equal(code, 2)
  assert.match(stderr, /^fingerpost: No sources\. Try: fingerpost serve --live assets\n/)
})

test('serve on a port that is taken says so', async (context) => {
  const other = createServer().listen(0, '127.0.0.1')
  context.after(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const root = await makeBuild(context, { 'a.txt': 'a' })
  const outcome = await runIn(root, 'serve', '--root', '.', '--port', String(port))
  assert.equal(outcome.code, 2)
  assert.match(outcome.stderr, /--port 0/)
})

test('a port that is no number is wrong usage', async (context) => {
  assert.equal((await runIn(makeTree(context), 'serve', '--port', 'http')).code, 2)
})
